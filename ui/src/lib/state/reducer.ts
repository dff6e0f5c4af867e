import type { Delta, NodeState, ProjectState, Snapshot } from '../rpc/rpc';

/**
 * Applies one delta, as `Snapshot::apply` in the Rust crate `kinfra-rpc` does, but without touching the old
 * snapshot: whatever didn't change stays the same object. `undefined` when the delta doesn't follow on this
 * revision, and a new snapshot is needed.
 */
export function applyDelta(snapshot: Snapshot, delta: Delta): Snapshot | undefined {
  if (delta.revision !== snapshot.revision + 1) return undefined;
  const next: Snapshot = { ...snapshot, revision: delta.revision };
  const change = delta.change;
  switch (change.type) {
    case 'engine':
      next.engine = change.engine;
      break;
    case 'project':
      next.projects = withProject(snapshot.projects, change.project);
      break;
    case 'project_removed':
      next.projects = snapshot.projects.filter((project) => project.slug !== change.slug);
      break;
    case 'node':
      next.projects = snapshot.projects.map((project) =>
        project.slug === change.slug ? withNode(project, change.node) : project,
      );
      break;
  }
  return next;
}

function withProject(projects: ProjectState[], project: ProjectState): ProjectState[] {
  return projects.some((known) => known.slug === project.slug)
    ? projects.map((known) => (known.slug === project.slug ? project : known))
    : [...projects, project];
}

/** A node that the project doesn't list is left out: a change of the list comes as a whole project. */
function withNode(project: ProjectState, node: NodeState): ProjectState {
  return { ...project, nodes: project.nodes.map((known) => (known.name === node.name ? node : known)) };
}
