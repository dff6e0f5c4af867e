/** Where the app opens the window: at a project, at one of its resources, and at a question about that. */
import type { Asked } from '../inspection/deeds.svelte';

/** As the fragment of the page's address says it (`src-tauri/src/place.rs`). Nothing is done by opening it. */
export function placeIn(fragment: string): { project?: string; resource?: string; asked?: Asked } {
  const said = new URLSearchParams(fragment.replace(/^#/, ''));
  const text = (name: string) => said.get(name) ?? '';
  const project = text('project');
  if (project === '') return {};
  const [resource, action, question] = [text('resource'), text('action'), text('question')];
  if (resource === '') return { project };
  if (action === '' || question === '') return { project, resource };
  return { project, asked: { act: { project, resource, action }, label: text('label') || action, question } };
}
