import diagnostics from 'node:diagnostics_channel'
import { ArgumentError } from '../../errors.js'
import { checkFunction } from '../../ops/functions/check-function.js'
import { isThenable } from '../../ops/functions/results.js'
import { describe } from '../../values/describe.js'
import type { EngineEvents, EventListener, EventName, Listener } from './engine-events.js'
import { EVENT_NAMES, isEventName, isOnDemand, ON_DEMAND_NAMES, type OnDemandName } from './event-names.js'

/**
 * Held for the life of the process. Node holds a channel without subscribers weakly. When such a channel is collected,
 * its finalizer removes whichever channel has its name by then. If that one has subscribers, they receive nothing more.
 */
const CHANNELS = new Map(EVENT_NAMES.map((name) => [name, diagnostics.channel(`millrace:${name}`)]))

/** Receives events to forward them. It must not throw. */
export interface EventForwarder {
  /** Whether it wants an event that is created only for a listener. */
  wants(name: OnDemandName): boolean
  forward<E extends EventName>(name: E, event: EngineEvents[E]): void
}

let contexts = 0

/** Delivers events to listeners and to diagnostics channels. Reports a listener that throws or rejects, and continues. */
export class Events {
  readonly #listeners = new Map<EventName, Set<EventListener<EventName>>>()
  readonly #onListenerError: (error: unknown) => void
  /** Distinguishes the contexts of a process in the messages of channels. */
  readonly #context = ++contexts
  #forwarder: EventForwarder | undefined

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /**
   * Adds a listener. Returns a function that removes it. Throws ArgumentError for an unknown event, or if `listener` is
   * not a function.
   */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    if (!isEventName(name)) throw unknownEvent(`on(): there is no event ${describe(name)}`, name)
    checkFunction(listener, `on('${name}')`, 'later')
    return this.#add(name, listener)
  }

  /** Adds an object with a method for each event that it receives. Returns a function that removes it. */
  listen(listener: Listener): () => void {
    const names = methodsOf(listener)
    const removals = names.map((name) => this.#add(name, (event) => listener[name]?.(event as never)))
    return () => {
      for (const remove of removals) remove()
    }
  }

  /** Forwards every event from now on. */
  forwardTo(forwarder: EventForwarder): void {
    this.#forwarder = forwarder
  }

  /** Whether a listener or subscriber receives this event. Call it before creating the event. */
  observes(name: OnDemandName): boolean {
    const set = this.#listeners.get(name)
    if (set !== undefined && set.size > 0) return true
    return CHANNELS.get(name)!.hasSubscribers || this.#forwarder?.wants(name) === true
  }

  /** The events with listeners or subscribers among those that are created only for these. */
  get observed(): readonly OnDemandName[] {
    return ON_DEMAND_NAMES.filter((name) => this.observes(name))
  }

  emit<E extends EventName>(name: E, event: EngineEvents[E]): void {
    const channel = CHANNELS.get(name)
    if (channel?.hasSubscribers) channel.publish({ ...event, context: this.#context })
    if (this.#forwarder && (!isOnDemand(name) || this.#forwarder.wants(name))) this.#forwarder.forward(name, event)
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const result: unknown = listener(event)
        if (isThenable(result)) result.then(undefined, this.#onListenerError)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }

  /** Removes all listeners. */
  close(): void {
    this.#listeners.clear()
    this.#forwarder = undefined
  }

  #add<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    let set = this.#listeners.get(name)
    if (!set) this.#listeners.set(name, (set = new Set()))
    set.add(listener as EventListener<EventName>)
    return () => set.delete(listener as EventListener<EventName>)
  }
}

/** Returns the events for which an object has methods: its own, or those of its class. */
function methodsOf(listener: Listener): readonly EventName[] {
  if (typeof listener !== 'object' || listener === null) {
    throw new ArgumentError(
      `listen() got ${describe(listener)}; it takes an object with methods named like events, such as { batchCompleted(batch) {} }.`,
    )
  }
  // Methods of a plain object are its events, so another name is a mistake. A class may have methods of its own.
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(listener) as object | null)
  const other = isPlain ? Object.keys(listener).find((name) => !isEventName(name)) : undefined
  if (other !== undefined) throw unknownEvent(`listen(): there is no event ${describe(other)}`, other)
  const names = EVENT_NAMES.filter((name) => listener[name] !== undefined)
  if (names.length === 0) throw unknownEvent('listen(): the listener has no method named like an event', undefined)
  for (const name of names) checkFunction(listener[name]!, `listen(): ${name}`, 'later')
  return names
}

function unknownEvent(problem: string, name: unknown): ArgumentError {
  return new ArgumentError(`${problem}. Events: ${EVENT_NAMES.join(', ')}.`, { name })
}
