import type { Consumer, ConsumerConfig } from '@nats-io/jetstream'
import type { Nats } from './client.js'

/** The time after which the server removes the consumer of a thread that died. */
const INACTIVE_NS = 30e9

/**
 * Creates a consumer without acknowledgements, calls `read`, and deletes the consumer. `pending`: the number of
 * messages that it can deliver.
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
