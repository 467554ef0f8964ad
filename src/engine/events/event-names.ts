import type { EventName } from './engine-events.js'

/** Events that are created only for a listener or a subscriber: without one, they cost nothing. */
const ON_DEMAND = {
  batchProgress: true,
  outputStarted: true,
  outputCompleted: true,
  jobStarted: true,
  jobCompleted: true,
  stageStarted: true,
  stageCompleted: true,
  taskStarted: true,
  taskEnded: true,
  operationsSampled: true,
} as const

/** The name of an event that is created only for a listener. */
export type OnDemandName = keyof typeof ON_DEMAND

export const ON_DEMAND_NAMES = Object.keys(ON_DEMAND) as readonly OnDemandName[]

const NAMES: { readonly [E in EventName]: true } = {
  contextStarted: true,
  contextStopped: true,
  streamingStarted: true,
  streamingStopped: true,
  batchSubmitted: true,
  batchStarted: true,
  batchCompleted: true,
  batchSkipped: true,
  lagging: true,
  caughtUp: true,
  clockStepped: true,
  noticesDropped: true,
  outputRetried: true,
  deadLetters: true,
  receiverStarted: true,
  receiverStopped: true,
  receiverPaused: true,
  receiverResumed: true,
  receiverError: true,
  threadReady: true,
  threadLost: true,
  threadPromoted: true,
  threadWarmedUp: true,
  poolRestored: true,
  blocksLost: true,
  blocksReplicated: true,
  blockRecomputed: true,
  rolledBack: true,
  taskRetried: true,
  taskSpeculated: true,
  resultDropped: true,
  blocksEvicted: true,
  blockSpilled: true,
  blockLoaded: true,
  spillFailed: true,
  stateRebuilt: true,
  stateSpillFailed: true,
  unpersisted: true,
  checkpointWritten: true,
  checkpointFailed: true,
  checkpointsResumed: true,
  recovered: true,
  standby: true,
  standbyPromoted: true,
  logDamaged: true,
  ...ON_DEMAND,
}

export const EVENT_NAMES = Object.keys(NAMES) as readonly EventName[]

export function isEventName(name: unknown): name is EventName {
  return typeof name === 'string' && Object.hasOwn(NAMES, name)
}

export function isOnDemand(name: EventName): name is OnDemandName {
  return Object.hasOwn(ON_DEMAND, name)
}
