import type { DataSink } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { serverOf } from './connection.js'
import { type CheckedSinkOptions, checkSinkOptions, type RedisSinkOptions, type RedisTarget } from './options.js'

/**
 * Writes each batch to a stream, a hash or keys of Redis, exactly once. One transaction contains the commands of a
 * partition and the time of its batch.
 */
export function redisSink(options: RedisSinkOptions): DataSink<object> {
  const checked: CheckedSinkOptions = checkSinkOptions(options)
  return {
    name: `redis ${nameOf(checked.target)}@${serverOf(checked.settings)}`,
    writer: {
      module: new URL('connectors/redis/writer.js', PACKAGE_ROOT).href,
      export: 'redisWriter',
      options: checked,
    },
    // Each writer runs its own transaction. The batch time in it makes a repetition harmless.
    commit: async () => {},
  }
}

function nameOf(target: RedisTarget): string {
  switch (target.to) {
    case 'stream':
    case 'hash':
      return target.key
    case 'keys':
      return `${target.prefix}*`
    case 'commands':
      return 'commands'
  }
}
