import { expect, test } from 'vitest';

import { placeIn } from './place';

test('the window opens at a project, and at one of its resources', () => {
  expect(placeIn('#project=shop-fix')).toEqual({ project: 'shop-fix' });
  expect(placeIn('#project=shop&resource=db')).toEqual({ project: 'shop', resource: 'db' });
  expect(placeIn('')).toEqual({});
  expect(placeIn('#resource=db&action=pause&question=Really%3F')).toEqual({});
});

test('the window opens at a question about a resource, whatever is in it', () => {
  // As the app writes it (`place.rs`).
  const written =
    '#project=shop&resource=site&action=pause&label=Pause&question=Pause+R%26D+%23+1+at+Vercel%3F+50+%25+%C3%BC';
  expect(placeIn(written)).toEqual({
    project: 'shop',
    asked: {
      act: { project: 'shop', resource: 'site', action: 'pause' },
      label: 'Pause',
      question: 'Pause R&D # 1 at Vercel? 50 % ü',
    },
  });
});

test('half a question is none', () => {
  expect(placeIn('#project=shop&resource=site&action=pause')).toEqual({
    project: 'shop',
    resource: 'site',
  });
});
