export { type Actor, type ActorPort, type ActorSocket, connectActor } from './client.js'
export type { ActorOptions } from './options.js'
export { type ActorSource, actorSource } from './source.js'
