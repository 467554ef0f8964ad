import { ManualClock, StreamingContext } from 'millrace'
import { type MqttRecord, type MqttSinkOptions, type MqttSourceOptions, mqttSink, mqttSource } from 'millrace/mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { MqttServer } from './suite/rows/mqtt.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

describe.runIf(hasService('mosquitto'))('MQTT', () => {
  let server: MqttServer
  beforeAll(async () => {
    server = await MqttServer.start()
  })
  afterAll(async () => await server?.[Symbol.asyncDispose]())

  function read<T = string>(options: Partial<MqttSourceOptions> & { topics: string; clientId: string }) {
    const clock = new ManualClock()
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock })
    open.push(ssc)
    const records: T[] = []
    const source = mqttSource({ url: server.url, ...options })
    ssc.input<T>(source).foreachRDD(async (rdd) => void records.push(...(await rdd.collect())))
    const drain = (count: number) =>
      expect
        .poll(() =>
          clock
            .advance(1000)
            .then(() => ssc.awaitIdle())
            .then(() => records.length),
        )
        .toBeGreaterThanOrEqual(count)
    return { ssc, records, drain }
  }

  test('records with metadata have their topics, of QoS 2 and retained messages too', async () => {
    await server.publish('kept/a', ['1'], { retain: true })
    const { ssc, records, drain } = read<MqttRecord>({ topics: 'kept/+', clientId: 'metadata', metadata: true })
    await ssc.start()
    await drain(1)
    await server.publish('kept/b', ['2'], { qos: 2 })
    await drain(2)
    expect(records).toEqual([
      { topic: 'kept/a', value: '1', retain: true },
      { topic: 'kept/b', value: '2', retain: false },
    ])
  })

  test('what was processed does not come again, and what came meanwhile does', async () => {
    const { topic } = await server.newTopic()
    const first = read({ topics: topic, clientId: topic })
    await first.ssc.start()
    await server.publish(topic, ['1', '2'])
    await first.drain(2)
    await first.ssc.stop({ graceful: true })
    await server.publish(topic, ['3'])
    const second = read({ topics: topic, clientId: topic })
    await second.ssc.start()
    await second.drain(1)
    expect([...first.records, ...second.records].sort()).toEqual(['1', '2', '3'])
  })
})

test.each<[string, object, string]>([
  ['no session name', { url: 'mqtt://a', topics: 't' }, 'clientId'],
  ['a filter that is none', { url: 'mqtt://a', topics: 'a/#/b', clientId: 'c' }, 'topics'],
  ['another protocol', { url: 'http://a', topics: 't', clientId: 'c' }, 'url'],
  [
    'a maximum above that of the protocol',
    { url: 'mqtt://a', topics: 't', clientId: 'c', receiveMaximum: 70_000 },
    'receiveMaximum',
  ],
])('a source with %s is refused', (_, options, text) => {
  expect(() => mqttSource(options as MqttSourceOptions)).toThrow(text)
})

test('a sink without an application is refused', () => {
  expect(() => mqttSink({ url: 'mqtt://a' } as MqttSinkOptions)).toThrow('application')
})
