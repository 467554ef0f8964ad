import type { Consumer, ConsumerConfig } from '@nats-io/jetstream'
import type { Nats } from './client.js'

/** After which the server removes a consumer that a dead thread left. */
const INACTIVE_NS = 30e9

/**
 * Runs `read` with a consumer of its own, which acknowledges nothing, and deletes it. `pending`: the messages that it will bring.
 */
export async function withConsumer<R>(
  { manager, jetstream }: Nats,
  stream: string,
  config: Partial<ConsumerConfig>,
  read: (open: () => Promise<Consumer>, pending: number) => Promise<R>,
): Promise<R> {
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    ...config,
    ack_policy: 'none',
    inactive_threshold: INACTIVE_NS,
    mem_storage: true,
    num_replicas: 1,
  })
  try {
    return await read(() => jetstream.consumers.get(stream, name), pending)
  } finally {
    await manager.consumers.delete(stream, name).catch(() => undefined)
  }
}
