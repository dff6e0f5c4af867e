import { expect, test } from 'vitest';
import { shownFolder } from './folder';

test.each([
  ['/home/ada/work/shop', '/home/ada', '~/work/shop'],
  ['/home/ada', '/home/ada', '~'],
  ['/home/adam/shop', '/home/ada', '/home/adam/shop'],
  ['/srv/shop', '/home/ada', '/srv/shop'],
  ['/srv/shop', '/', '/srv/shop'],
  ['/srv/shop', undefined, '/srv/shop'],
])('%s of %s is shown as %s', (folder, user, shown) => {
  expect(shownFolder(folder, user)).toBe(shown);
});
