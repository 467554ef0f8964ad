export type {
  RedisClientOptions,
  RedisConnection,
  RedisSinkOptions,
  RedisSourceOptions,
  RedisStart,
} from './options.js'
export type { RedisRange } from './planner.js'
export { redisSink } from './sink.js'
export { type RedisEntry, redisSource } from './source.js'
