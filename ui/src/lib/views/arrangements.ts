/** The ways in which the services of a project are shown. Another one is a line here and in `Arrangement`. */
import type { Component } from 'svelte';

import type { IconName } from '../parts/icons';
import type { ProjectState } from '../rpc/rpc';
import type { Arrangement } from '../state/session.svelte';
import ServiceGraph from './graph/ServiceGraph.svelte';
import ServiceTable from './ServiceTable.svelte';

export interface ArrangementProps {
  project: ProjectState;
  /** The service whose details are shown. */
  chosen: string | undefined;
  onchoose: (service: string | undefined) => void;
}

interface Way {
  label: string;
  title: string;
  icon: IconName;
  view: Component<ArrangementProps>;
}

export const ARRANGEMENTS: Record<Arrangement, Way> = {
  list: { label: 'List', title: 'As a list', icon: 'list', view: ServiceTable },
  graph: { label: 'Graph', title: 'As a graph: what waits for what', icon: 'graph', view: ServiceGraph },
};
