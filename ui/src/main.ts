import { mount } from 'svelte';

import App from './App.svelte';
import { chooseBackend } from './lib/backend/choose';
import { Session } from './lib/state/session.svelte';
import './lib/styles/tokens.css';
import './lib/styles/base.css';
import './lib/styles/pane.css';
import './lib/styles/rows.css';

const target = document.getElementById('app');
if (!target) throw new Error('starting the window: index.html has no element with the id "app"');

const session = new Session(await chooseBackend());
// The tray opens the window at a project.
function showNamedProject(): void {
  const slug = new URLSearchParams(location.hash.slice(1)).get('project');
  if (slug) session.select(slug);
}
addEventListener('hashchange', showNamedProject);
showNamedProject();

mount(App, { target, props: { session } });
await Promise.all([session.connect(), session.listen()]);
