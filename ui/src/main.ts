import { mount } from 'svelte';

import App from './App.svelte';
import { chooseBackend } from './lib/backend/choose';
import { placeIn } from './lib/state/place';
import { Session } from './lib/state/session.svelte';
import './lib/styles/tokens.css';
import './lib/styles/base.css';
import './lib/styles/pane.css';
import './lib/styles/rows.css';

const target = document.getElementById('app');
if (!target) throw new Error('starting the window: index.html has no element with the id "app"');

const session = new Session(await chooseBackend());
// The tray opens the window at a project, or at a question about what is in it.
function showNamedPlace(): void {
  const { project, resource, asked } = placeIn(location.hash);
  if (project !== undefined) session.select(project, resource);
  if (asked !== undefined) session.deeds.asked = asked;
}
addEventListener('hashchange', showNamedPlace);
showNamedPlace();

mount(App, { target, props: { session } });
await Promise.all([session.connect(), session.listen()]);
