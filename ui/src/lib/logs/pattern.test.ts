import { expect, test } from 'vitest';

import { hasCapital, marker, splitMatches } from './pattern';

const split = (text: string, pattern: string) => splitMatches(text, marker(pattern));

test('matches alternate with what is between', () => {
  expect(split('Get (get) GET', 'get')).toEqual(['', 'Get', ' (', 'get', ') ', 'GET', '']);
  expect(split('a(b', '\\(')).toEqual(['a', '(', 'b']);
  expect(split('one two', '(one|two)')).toEqual(['', 'one', ' ', 'two', '']);
  expect(split('abc', '')).toEqual(['abc']);
  expect(split('abc', '^|x')).toEqual(['abc']);
});

test('a capital letter makes case count', () => {
  expect(split('Get get', 'Get')).toEqual(['', 'Get', ' get']);
  expect(hasCapital('\\Serr\\p{Lu}')).toBe(false);
  expect(hasCapital('\\\\Serr')).toBe(true);
});

test('what is no expression here, or may take for ever, marks nothing', () => {
  expect(split('GET (', 'GET (')).toEqual(['GET (']);
  expect(marker('(a+)+$')).toBeUndefined();
  expect(marker('a{9}')).toBeUndefined();
  expect(split('a+b', 'a\\+')).toEqual(['', 'a+', 'b']);
});
