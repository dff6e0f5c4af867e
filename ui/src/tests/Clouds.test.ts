import { fireEvent, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';

import type { MockEngine } from '../lib/backend/mock/engine';
import { placeIn } from '../lib/state/place';
import { asked, choose, click, open, openSession, pass, type, useFakeClock } from './window';

/** Longer than the vendor takes for what it does itself. */
const DONE_MS = 2_100;
const NEXT_LOOK_MS = 5_100;

useFakeClock();
afterEach(() => vi.restoreAllMocks());

const words = (element: HTMLElement) => element.textContent?.replace(/\s+/g, ' ').trim();
const row = (name: string) => screen.getByTestId(`service-${name}`);
const button = (testid: string) => screen.getByTestId<HTMLButtonElement>(testid);
const branches = () => screen.queryAllByTestId(/^item-/).map((item) => item.dataset['testid']?.slice(5));
const looks = (engine: MockEngine) => asked(engine, 'resource.inspect');
const acts = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command === 'resource.act').map(({ params }) => params);

describe('a resource that is paused', () => {
  test('by somebody here says so calmly, by its vendor with a way back', async () => {
    await open('clouds');
    expect(words(row('worker'))).toContain('paused');
    expect(screen.queryByTestId('problem-worker')).toBeNull();
    expect(words(row('auth'))).toContain('paused by Supabase · inactive');
    expect(words(screen.getByTestId('problem-auth'))).toBe('auth Supabase has paused it: inactive Resume');
    expect(screen.getByTestId('project-status').textContent).toBe('degraded · 6 of 7 healthy');
    expect(words(screen.getByTestId('project-tools'))).toContain('paused');
  });

  test('goes on by the button of its problem', async () => {
    const engine = await open('clouds');
    await click('problem-resume-auth');
    expect(acts(engine)).toEqual([{ project: 'shop', resource: 'auth', action: 'resume' }]);
    expect(words(row('auth'))).toContain('resuming');
    expect(screen.queryByTestId('problem-auth')).toBeNull();
    expect(button('resume-auth').disabled).toBe(true);
    await pass(DONE_MS);
    expect(words(row('auth'))).toContain('healthy · active');
    expect(screen.getByTestId('project-status').textContent).toBe('7 of 7 healthy · 1 paused');
  });

  test('has one button for both ways, in its row and its details, and others have none', async () => {
    const engine = await open('clouds');
    expect(screen.queryByTestId('pause-web')).toBeNull();
    expect(screen.queryByTestId('pause-worker')).toBeNull();
    await click('pause-db');
    expect(words(row('db'))).toContain('pausing');
    await pass(DONE_MS);
    expect(words(row('db'))).toContain('paused');
    await choose('db');
    await click('detail-resume-db');
    await pass(DONE_MS);
    expect(words(row('db'))).toContain('healthy');
    expect(acts(engine).map((act) => 'action' in act && act.action)).toEqual(['pause', 'resume']);
  });

  test('is started by a start of its project', async () => {
    await open('clouds', 'tools');
    expect(button('action-start-all').disabled).toBe(false);
  });
});

test('a resource that the app opens the window at has its details shown, once', async () => {
  const { session } = await openSession('clouds');
  session.select('tools', 'worker');
  await pass(50);
  expect(words(screen.getByTestId('service-detail'))).toMatch(/^worker/);
  session.select('shop', 'db');
  await pass(50);
  expect(words(screen.getByTestId('service-detail'))).toMatch(/^db/);
  await click('close-detail');
  expect(screen.queryByTestId('service-detail')).toBeNull();
});

test('a question that the app opens the window at is asked, and nothing is done', async () => {
  const { engine, session } = await openSession('clouds', 'tools');
  const { project, asked: question } = placeIn(
    '#project=shop&resource=db&action=pause&label=Pause&question=Really%3F',
  );
  session.select(project!);
  session.deeds.asked = question;
  await pass(50);
  expect(words(screen.getByTestId('question'))).toContain('Really?');
  expect(acts(engine)).toEqual([]);
});

describe('a pause that has to be confirmed', () => {
  const question = 'Pause site at Vercel? Its visitors get an error.';

  test('asks in the details of its resource, and is done with these words', async () => {
    const engine = await open('clouds');
    await click('pause-site');
    const panel = within(screen.getByTestId('service-detail')).getByTestId('question');
    expect(words(panel)).toContain(question);
    expect(button('question-yes').textContent).toBe('Pause');
    expect(document.activeElement?.textContent).toBe('Cancel');
    expect(words(row('site'))).toContain('healthy');
    await click('question-yes');
    expect(acts(engine).at(-1)).toEqual({
      project: 'shop',
      resource: 'site',
      action: 'pause',
      confirmed: question,
    });
    expect(screen.queryByTestId('question')).toBeNull();
    expect(words(row('site'))).toContain('pausing');
  });

  test('is forgotten by Cancel, by Escape and with the details', async () => {
    const engine = await open('clouds');
    const leave = [
      () => click(screen.getByRole('button', { name: 'Cancel' })),
      () => fireEvent.keyDown(screen.getByTestId('question'), { key: 'Escape' }),
      () => click('close-detail'),
      () => choose('db'),
    ];
    for (const away of leave) {
      await click('pause-site');
      expect(screen.getByTestId('question')).toBeTruthy();
      await away();
      await pass(50);
      expect(screen.queryByTestId('question')).toBeNull();
    }
    await choose('site');
    expect(screen.queryByTestId('question')).toBeNull();
    expect(acts(engine).every((act) => !('confirmed' in act))).toBe(true);
  });
});

describe('where a resource runs', () => {
  test('is told with who is signed in, facts, and lists; links open outside', async () => {
    const engine = await open('clouds');
    await choose('db');
    expect(words(screen.getByTestId('at-vendor'))).toMatch(/^At Neon/);
    expect(words(screen.getByTestId('facts'))).toContain('Signed in ada@example.com');
    await click(within(screen.getByTestId('facts')).getByRole('link'));
    expect(engine.opened).toEqual(['https://console.neon.tech/app/projects/quiet-river-31415926']);
    expect(words(screen.getByTestId('item-main'))).toBe('main ready default, protected');
    expect(screen.getByTestId('item-main').querySelector('svg')?.classList.contains('healthy')).toBe(true);
    expect(words(screen.getByTestId('list-Operations'))).toContain('Not known: the API key may not list');
  });

  test('is asked once, and again only when something has changed', async () => {
    const engine = await open('clouds');
    await choose('web');
    expect(looks(engine)).toBe(0);
    await choose('db');
    expect(looks(engine)).toBe(1);
    await pass(60_000);
    expect(looks(engine)).toBe(1);
    await click('look-again');
    expect(looks(engine)).toBe(2);
    await click('detail-pause-db');
    await pass(DONE_MS);
    const after = looks(engine);
    expect(after).toBeGreaterThan(2);
    await pass(60_000);
    expect(looks(engine)).toBe(after);
  });

  test('is asked every five seconds while something changes there, and not in a hidden window', async () => {
    const engine = await open('clouds');
    await choose('site');
    expect(screen.getByTestId('item-site-7f3k2-analytical.vercel.app').dataset['tone']).toBe('changing');
    await pass(4 * NEXT_LOOK_MS);
    expect(looks(engine)).toBe(5);
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await pass(NEXT_LOOK_MS);
    const before = looks(engine);
    await pass(60_000);
    expect(looks(engine)).toBe(before);
    vi.restoreAllMocks();
    document.dispatchEvent(new Event('visibilitychange'));
    await pass(NEXT_LOOK_MS);
    expect(looks(engine)).toBe(before + 1);
    await click('close-detail');
    await pass(60_000);
    expect(looks(engine)).toBe(before + 1);
  });

  test('warns of what a credential lacks', async () => {
    await open('clouds');
    await choose('site');
    expect(words(screen.getByTestId('lacks'))).toBe(
      'lacks the right to change environment variables: they are set by hand',
    );
  });

  test('says that it asks while the answer takes its time', async () => {
    await open('clouds');
    await choose('worker');
    expect(words(screen.getByTestId('at-vendor'))).toBe('At Render asking…');
    await pass(4_100);
    expect(words(screen.getByTestId('at-vendor'))).toContain('Signed in');
    expect(words(screen.getByTestId('at-vendor'))).not.toContain('asking');
  });

  test('that does not answer is told calmly with what to do, and tried again', async () => {
    const engine = await open('clouds');
    await choose('queue');
    const problem = screen.getByTestId('vendor-problem');
    expect(words(problem)).toContain('there is no network it is asked again when it is there');
    expect(problem.querySelector('svg')?.classList.contains('idle')).toBe(true);
    engine.clouds.answers('shop', 'queue', 'well');
    await click('try-again');
    expect(screen.queryByTestId('vendor-problem')).toBeNull();
    expect(words(screen.getByTestId('facts'))).toContain('Plan free');
  });

  test('that fails later keeps what was seen', async () => {
    const engine = await open('clouds');
    await choose('db');
    engine.clouds.answers('shop', 'db', 'refusing');
    await click('look-again');
    expect(screen.getByTestId('vendor-problem').querySelector('svg')?.classList.contains('failed')).toBe(
      true,
    );
    expect(words(screen.getByTestId('vendor-problem'))).toContain('kinfra secrets set neon');
    expect(branches()).toContain('main');
  });
});

describe('what can be done there', () => {
  test('leaves out what the buttons above do', async () => {
    await open('clouds');
    await choose('db');
    expect(screen.queryByTestId('act-pause')).toBeNull();
    await choose('auth');
    expect(screen.queryByTestId('act-resume')).toBeNull();
    await click('stop-auth');
    await pass(DONE_MS);
    expect(screen.getByTestId('act-resume')).toBeTruthy();
  });

  test('asks for a text, tells what came of it, and looks until it is through', async () => {
    const engine = await open('clouds');
    await choose('db');
    await click('act-create-branch');
    expect(document.activeElement).toBe(screen.getByTestId('question-text'));
    expect(screen.getByLabelText('Name of the branch')).toBe(screen.getByTestId('question-text'));
    expect(button('question-yes').disabled).toBe(true);
    await type('question-text', ' preview ');
    await click('question-yes');
    expect(acts(engine)).toEqual([
      { project: 'shop', resource: 'db', action: 'create-branch', input: 'preview' },
    ]);
    expect(screen.getByTestId('told').textContent).toBe('The branch preview is being made.');
    expect(document.activeElement).toBe(screen.getByTestId('act-create-branch'));
    expect(screen.getByTestId('item-preview').dataset['tone']).toBe('changing');
    await pass(NEXT_LOOK_MS);
    expect(screen.getByTestId('item-preview').dataset['tone']).toBe('good');
    expect(screen.queryByTestId('told')).toBeNull();
  });

  test('says right there why it was refused', async () => {
    await open('clouds');
    await choose('db');
    await click('act-create-branch');
    await type('question-text', 'main');
    await click('question-yes');
    const panel = words(screen.getByTestId('question'));
    expect(panel).toContain('there is a branch main already give it another name');
  });

  test('asks what it takes away, by its own button, and takes only that', async () => {
    const engine = await open('clouds');
    await choose('db');
    await click('act-delete-branch-dev/ada');
    const question = 'Delete the branch dev/ada of shop at Neon, with all data in it?';
    expect(words(screen.getByTestId('question'))).toContain(question);
    expect(acts(engine)).toEqual([]);
    expect(button('question-yes').textContent).toBe('Delete');
    await click('question-yes');
    expect(acts(engine)).toEqual([
      { project: 'shop', resource: 'db', action: 'delete-branch', target: 'dev/ada', confirmed: question },
    ]);
    expect(branches()).not.toContain('dev/ada');
    expect(branches()).toContain('main');
  });

  test('asks again when the question has become another one', async () => {
    const engine = await open('clouds');
    await choose('db');
    await click('act-delete-branch-dev/ada');
    const now = engine.clouds.rewords(
      'shop',
      'db',
      'delete-branch',
      'dev/ada',
      'Delete dev/ada and 2 below it?',
    );
    await click('question-yes');
    expect(words(screen.getByTestId('question'))).toContain(now);
    expect(branches()).toContain('dev/ada');
    await click('question-yes');
    expect(branches()).not.toContain('dev/ada');
  });

  test('stays asked while later looks arrive', async () => {
    const engine = await open('clouds');
    await choose('site');
    await click('act-cancel-dpl_7f3k2');
    const before = looks(engine);
    await pass(NEXT_LOOK_MS);
    expect(looks(engine)).toBe(before + 1);
    expect(words(screen.getByTestId('question'))).toContain('Cancel the deployment of fix-login at Vercel?');
  });
});
