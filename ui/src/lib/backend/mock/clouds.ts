/**
 * What clouds run for the in-memory engine. They answer at once, slowly or not at all, as their plan says; what is done
 * with a resource takes `paceMs`, and twice that where the vendor itself is at work.
 */
import type { ActedOnResource, ActOnResource, InspectedItem, Inspection, NodeState } from '../../rpc/rpc';
import { pausedHere, refuse, resuming } from './outcomes';
import type { CloudPlan } from './plans';
import type { MockWorld } from './world';

export class MockClouds {
  readonly #world: MockWorld;
  readonly #paceMs: number;
  #seen = new Map<string, Inspection>();

  constructor(world: MockWorld, paceMs: number) {
    this.#world = world;
    this.#paceMs = paceMs;
  }

  async inspect(project: string, resource: string): Promise<Inspection> {
    await this.#answer(project, resource);
    return structuredClone(this.#inspection(project, resource));
  }

  async act(act: ActOnResource): Promise<ActedOnResource> {
    const { project, resource, action } = act;
    const plan = await this.#answer(project, resource);
    const offered = this.#offered(act);
    const question = action === 'pause' ? plan.pauseQuestion : offered?.confirm;
    if (question !== undefined && act.confirmed !== question) refuse('not_confirmed', question);
    if (action === 'pause') return this.#pause(project, resource);
    if (action === 'resume') return this.#resume(project, resource);
    if (offered === undefined)
      refuse('invalid_request', `there is no action \`${action}\` with ${resource}`, 'look at it again');
    if (action === 'create-branch') return this.#create(act);
    return this.#change(act);
  }

  /** A vendor begins or ends to answer. */
  answers(project: string, resource: string, how: NonNullable<CloudPlan['answers']> | 'well'): void {
    const plan = this.#plan(project, resource);
    if (how === 'well') delete plan.answers;
    else plan.answers = how;
  }

  /** What an action takes away has become more. */
  rewords(project: string, resource: string, action: string, target: string, question: string): string {
    const offered = this.#offered({ project, resource, action, target });
    if (offered) offered.confirm = question;
    return question;
  }

  #plan(project: string, resource: string): CloudPlan {
    const { cloud } = this.#world.plan(project, resource);
    return (
      cloud ??
      refuse('invalid_request', `there is nothing more to see of ${resource}, and nothing else to do with it`)
    );
  }

  async #answer(project: string, resource: string): Promise<CloudPlan> {
    const plan = this.#plan(project, resource);
    const { vendor } = plan.seen;
    const slow = plan.answers === 'slowly';
    if (slow) await new Promise((resolve) => setTimeout(resolve, 4 * this.#paceMs));
    if (plan.answers === 'not')
      refuse(
        'resource_unreachable',
        `cannot ask ${vendor} about ${resource}: no answer from api.${vendor.toLowerCase()}.example: there is no network`,
        'it is asked again when it is there',
      );
    if (plan.answers === 'refusing')
      refuse(
        'resource_failed',
        `cannot ask ${vendor} about ${resource}: it knows no such token, or it has ended`,
        `store another one: kinfra secrets set ${vendor.toLowerCase()}`,
      );
    return plan;
  }

  #inspection(project: string, resource: string): Inspection {
    const key = `${project}/${resource}`;
    const known = this.#seen.get(key) ?? structuredClone(this.#plan(project, resource).seen);
    this.#seen.set(key, known);
    return known;
  }

  #offered({ project, resource, action, target }: ActOnResource) {
    const { actions, lists } = this.#inspection(project, resource);
    const all = [...actions, ...lists.flatMap(({ items }) => items.flatMap((item) => item.actions ?? []))];
    return all.find((offered) => offered.action === action && offered.target === target);
  }

  #pause(project: string, resource: string): ActedOnResource {
    this.#set(project, resource, pausedHere('is being paused'));
    this.#offer(project, resource, 'resume', 'Resume');
    this.#later(1, () => this.#set(project, resource, pausedHere('is paused')));
    return { text: `${resource} is being paused.` };
  }

  #resume(project: string, resource: string): ActedOnResource {
    this.#set(project, resource, resuming());
    this.#later(1, () => {
      this.#offer(project, resource, 'pause', 'Pause');
      const { problem: _over, ...node } = this.#world.node(project, resource);
      this.#world.set(project, { ...node, health: 'healthy', detail: 'healthy · active' });
    });
    return { text: `${resource} is being resumed.` };
  }

  #offer(project: string, resource: string, action: string, label: string): void {
    const seen = this.#inspection(project, resource);
    const others = seen.actions.filter(({ action }) => action !== 'pause' && action !== 'resume');
    seen.actions = [{ action, label }, ...others];
  }

  #create({ project, resource, input = '' }: ActOnResource): ActedOnResource {
    const { items } = this.#inspection(project, resource).lists[0]!;
    if (items.some(({ name }) => name === input))
      refuse('invalid_request', `there is a branch ${input} already`, 'give it another name');
    const item: InspectedItem = { name: input, state: 'init', tone: 'changing', detail: 'of main' };
    items.push(item);
    this.#later(2, () => Object.assign(item, { state: 'ready', tone: 'good' }));
    return { text: `The branch ${input} is being made.` };
  }

  #change({ project, resource, action, target }: ActOnResource): ActedOnResource {
    for (const list of this.#inspection(project, resource).lists) {
      const isMeant = (item: InspectedItem) => item.actions?.some((offered) => offered.target === target);
      if (action === 'delete-branch') {
        list.items = list.items.filter((item) => !isMeant(item));
        continue;
      }
      for (const item of list.items.filter(isMeant)) {
        Object.assign(item, {
          state: action === 'reset-branch' ? 'resetting' : 'BUILDING',
          tone: 'changing',
        });
        this.#later(2, () => Object.assign(item, { state: 'ready', tone: 'good' }));
      }
    }
    const told: Record<string, string> = {
      'delete-branch': `The branch ${target} is being deleted.`,
      'reset-branch': `The branch ${target} is being reset to main.`,
    };
    return { text: told[action] ?? `${target ?? resource} is being changed.` };
  }

  #set(project: string, resource: string, state: Partial<NodeState>): void {
    this.#world.set(project, { ...this.#world.node(project, resource), ...state });
  }

  #later(paces: number, act: () => void): void {
    setTimeout(act, paces * this.#paceMs);
  }
}
