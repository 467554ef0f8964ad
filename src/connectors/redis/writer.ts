import type { Redis } from 'ioredis'
import { SaveError } from '../../errors.js'
import type { DataWriter, WriteContext, WriterFactory } from '../../ops/sink.js'
import { resourceKey } from '../resource-key.js'
import { type RedisClient, redisClient } from './client.js'
import { type Command, commandOf } from './commands.js'
import type { CheckedSinkOptions } from './options.js'

/** The most attempts at a transaction that another attempt at the same task disturbs. */
const MOST_RIVALS = 10
/** Commands that are sent before the writer waits for their replies. */
const AT_ONCE = 1000

/**
 * Collects the commands of a partition, and runs them in one transaction that also sets the batch time in the
 * application's hash. A batch that runs again finds its time there and writes nothing.
 */
export const redisWriter: WriterFactory = {
  async open(context: WriteContext) {
    const { settings } = context.options as CheckedSinkOptions
    const client = await context.resource(
      resourceKey('redis', settings),
      () => redisClient(settings),
      (open) => open.close(),
    )
    return new RedisWriter(client, context)
  },
}

class RedisWriter implements DataWriter {
  readonly #client: RedisClient
  readonly #context: WriteContext
  readonly #options: CheckedSinkOptions
  readonly #commands: Command[] = []

  constructor(client: RedisClient, context: WriteContext) {
    this.#client = client
    this.#context = context
    this.#options = context.options as CheckedSinkOptions
  }

  write(records: readonly unknown[]): void {
    for (const record of records) this.#commands.push(commandOf(record, this.#options.target))
  }

  async commit(): Promise<number> {
    if (this.#commands.length > 0) await this.#client.runAlone(this.#context.signal, (redis) => this.#transact(redis))
    return this.#commands.length
  }

  /**
   * Runs the transaction. It may run again after a broken connection, because the batch time shows whether it was
   * executed.
   */
  async #transact(redis: Redis): Promise<void> {
    const { time, output = '', partition } = this.#context
    const key = `millrace:${this.#options.application}`
    const field = `${output}.${partition}`
    const mark: Command[] = time === undefined ? [] : [['HSET', key, field, String(time)]]
    for (let i = 0; i < MOST_RIVALS; i++) {
      await redis.watch(key)
      const known = time === undefined ? null : await redis.hget(key, field)
      if (known?.startsWith(REFUSED)) throw refusedBefore(known)
      if (known !== null && Number(known) >= time!) {
        await redis.unwatch()
        return
      }
      await this.#checkType(redis)
      const replies = await this.#execute(redis, mark)
      if (replies === null) continue
      const fault = replies.find((reply) => reply instanceof Error) as Error | undefined
      if (!fault) return
      // Redis does not undo the other commands. This record makes the next attempt fail too; otherwise it would find
      // the batch time and succeed.
      if (time !== undefined) await redis.hset(key, field, `${REFUSED}${time} ${fault.message}`)
      throw refusedBefore(fault.message)
    }
    throw new SaveError(
      `The hash '${key}' changed ${MOST_RIVALS} times while partition ${partition} was written. Use a different name for each application.`,
      { details: { key, field } },
    )
  }

  /**
   * Checks the type of the target. Commands on a key of another type fail one by one, and a transaction does not undo
   * the others.
   */
  async #checkType(redis: Redis): Promise<void> {
    const { target } = this.#options
    if (target.to !== 'stream' && target.to !== 'hash') return
    const type = await redis.type(target.key)
    if (type === 'none' || type === target.to) return
    throw new SaveError(
      `The key '${target.key}' of Redis is a ${type}; the sink writes a ${target.to}. Use another key.`,
      {
        details: { key: target.key, type },
      },
    )
  }

  /** Returns the reply of each command, or null if the watched key changed and nothing was executed. */
  async #execute(redis: Redis, mark: readonly Command[]): Promise<unknown[] | null> {
    const commands = [...this.#commands, ...mark]
    await redis.call('MULTI')
    try {
      for (let at = 0; at < commands.length; at += AT_ONCE) {
        const queued = commands.slice(at, at + AT_ONCE).map(([name, ...args]) => redis.call(name, ...args))
        // Awaits all promises, so that no second rejection is unhandled.
        for (const result of await Promise.allSettled(queued)) if (result.status === 'rejected') throw result.reason
      }
    } catch (error) {
      await redis.call('DISCARD').catch(() => undefined)
      throw error
    }
    return (await redis.call('EXEC')) as unknown[] | null
  }
}

/** The prefix that marks a batch whose transaction was executed in part. */
const REFUSED = 'refused '

function refusedBefore(reason: string): SaveError {
  return new SaveError(
    `Redis refused a command of a transaction, and executed the others: ${reason}. Correct the records, and start the application with another name.`,
  )
}
