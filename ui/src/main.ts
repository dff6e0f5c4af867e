import { mount } from 'svelte';

import App from './App.svelte';
import { chooseBackend } from './lib/backend/choose';
import { Session } from './lib/state/session.svelte';
import './lib/styles/tokens.css';
import './lib/styles/base.css';

const target = document.getElementById('app');
if (!target) throw new Error('starting the window: index.html has no element with the id "app"');

const session = new Session(await chooseBackend());
mount(App, { target, props: { session } });
await session.connect();
