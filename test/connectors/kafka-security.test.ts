import { Kafka, logLevel } from 'kafkajs'
import { ManualClock, StreamingContext } from 'millrace'
import { type KafkaOptions, kafkaSource } from 'millrace/kafka'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { KafkaService, USER } from '../services/kafka.js'
import { hasService } from '../services/service.js'

describe.runIf(hasService('kafka'))('a Kafka broker that asks for users', () => {
  let kafka: KafkaService
  const open: StreamingContext[] = []

  beforeAll(async () => {
    kafka = await KafkaService.startSecure()
    const client = new Kafka({ brokers: [kafka.broker], logLevel: logLevel.NOTHING, retry: { retries: 20 } })
    const [admin, producer] = [client.admin(), client.producer()]
    await Promise.all([admin.connect(), producer.connect()])
    await admin.createTopics({ topics: [{ topic: 'words', numPartitions: 1 }], waitForLeaders: true })
    await producer.send({ topic: 'words', messages: [{ value: 'a' }, { value: 'b' }] })
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })
  afterEach(async () => {
    for (const ssc of open.splice(0)) await ssc.stop()
  })
  afterAll(async () => await kafka?.[Symbol.asyncDispose]())

  async function read(options: Partial<KafkaOptions>): Promise<string[]> {
    const clock = new ManualClock()
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, clock })
    open.push(ssc)
    const words: string[] = []
    const source = kafkaSource({
      brokers: kafka.secureBroker,
      topics: 'words',
      start: 'earliest',
      retryTime: '1s',
      ...options,
    })
    ssc.input<string>(source).foreachRDD(async (rdd) => void words.push(...(await rdd.collect())))
    await ssc.start()
    await clock.advance(1000)
    await ssc.awaitIdle()
    return words
  }

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('lets a user read by %s', async (mechanism) => {
    expect(await read({ tls: { ca: kafka.certificate }, sasl: { mechanism, ...USER } })).toEqual(['a', 'b'])
  })

  test.each(['plain', 'scram-sha-256'] as const)(
    'refuses a wrong password by %s, and no error quotes it',
    async (mechanism) => {
      const sasl = { mechanism, username: USER.username, password: 'wrong-password' }
      const error: Error = await read({ tls: { ca: kafka.certificate }, sasl }).catch((cause: Error) => cause as never)
      expect(error.message).toContain(`refused user '${USER.username}' by ${mechanism}`)
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('wrong-password')
    },
  )

  test('a certificate that nobody trusts is an error', async () => {
    await expect(read({ tls: true, sasl: { mechanism: 'plain', ...USER } })).rejects.toThrow(
      /cannot be reached: .*certificate/,
    )
  })

  test('a connection without encryption is an error within the time of a request', async () => {
    await expect(read({ requestTimeout: '1s' })).rejects.toThrow('cannot be reached')
  })
})
