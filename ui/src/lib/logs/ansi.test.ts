import { describe, expect, test } from 'vitest';

import { pieces, plainText } from './ansi';

describe('a line in pieces', () => {
  test('is one piece without any sequence', () => {
    expect(pieces('GET / 200 <b>')).toEqual([{ text: 'GET / 200 <b>', classes: '' }]);
  });

  test('has the colours and decorations that its sequences name', () => {
    expect(pieces('\x1b[1;31mERROR\x1b[0m gone \x1b[90;4mnote')).toEqual([
      { text: 'ERROR', classes: 'ansi-red-fg ansi-bold' },
      { text: ' gone ', classes: '' },
      { text: 'note', classes: 'ansi-bright-black-fg ansi-underline' },
    ]);
  });

  test.each([
    ['38;5;75', 'rgb(95, 175, 255)'],
    ['38;5;16', 'rgb(0, 0, 0)'],
    ['38;5;231', 'rgb(255, 255, 255)'],
    ['38;5;244', 'rgb(128, 128, 128)'],
    ['38;2;1;2;3', 'rgb(1, 2, 3)'],
  ])('of colour %s is %s', (code, color) => {
    expect(pieces(`\x1b[${code}mx`)).toEqual([{ text: 'x', classes: 'ansi-own-fg', color }]);
  });
});

describe('a line as text', () => {
  test.each([
    ['colours', '\x1b[32mok\x1b[0m', 'ok'],
    ['a title', '\x1b]0;title\x07ok', 'ok'],
    ['a link', '\x1b]8;;http://x\x1b\\ok\x1b]8;;\x1b\\', 'ok'],
    ['cursor movements', '\x1b[2K\x1b[1Aok', 'ok'],
    ['what a carriage return overwrote', '10 %\r50 %\rok\r', 'ok'],
    ['control characters', 'o\x00\x07k', 'ok'],
    ['sequences that are cut off', 'ok\x1b[3', 'ok'],
  ])('has no %s', (_what, line, text) => {
    expect(plainText(line)).toBe(text);
    expect(
      pieces(line)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });
});
