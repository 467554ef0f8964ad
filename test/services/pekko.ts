import { folderOf } from './install.mjs'
import { Program } from './program.js'

export interface PekkoSending {
  /** Actors, each with a connection of its own (1). */
  readonly actors?: number
  /** Messages of each actor. */
  readonly total: number
  /** Messages of an actor that may be unanswered (1,000). */
  readonly window?: number
}

/** Runs an actor system whose actors send numbered messages to a TCP endpoint. */
export function sendByPekko(port: number, { actors = 1, total, window = 1000 }: PekkoSending): Program {
  return Program.java(folderOf('pekko'), 'PekkoFeed', [port, actors, total, window])
}
