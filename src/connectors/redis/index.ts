export type {
  RedisConnection,
  RedisSinkOptions,
  RedisSourceOptions,
  RedisStart,
} from './options.js'
export { redisSink } from './sink.js'
export { type RedisEntry, redisSource } from './source.js'
