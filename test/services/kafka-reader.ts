import { randomUUID } from 'node:crypto'
import { type EachMessagePayload, Kafka, logLevel, type Producer } from 'kafkajs'

/** A client that is patient: a loaded machine may take longer than its usual second to connect. */
export function newClient(broker: string): Kafka {
  const patience = { connectionTimeout: 30_000, requestTimeout: 60_000, retry: { retries: 30, maxRetryTime: 2000 } }
  return new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, ...patience })
}

const END = 'end-of-reading-'

/**
 * The texts that a consumer of committed records sees up to now, in the order of each partition. Writes a record behind them into
 * each partition, which ends the reading.
 */
export async function readCommitted(
  client: Kafka,
  producer: Producer,
  topic: string,
  partitions: number,
): Promise<string[]> {
  const end = `${END}${randomUUID()}`
  const ends = Array.from({ length: partitions }, (_, partition) => ({ partition, value: end }))
  await producer.send({ topic, messages: ends })
  const consumer = client.consumer({ groupId: end, maxWaitTimeInMs: 100 })
  const texts: string[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    let open = partitions
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message: { value } }: EachMessagePayload) => {
        const text = String(value)
        if (!text.startsWith(END)) texts.push(text)
        else if (text === end && --open === 0) resolve()
      }
      consumer.run({ eachMessage }).catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return texts
}
