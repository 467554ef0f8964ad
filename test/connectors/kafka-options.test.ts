import type { MillraceError } from 'millrace'
import { type KafkaOptions, type KafkaSinkOptions, kafkaSink, kafkaSource } from 'millrace/kafka'
import { expect, test } from 'vitest'

test.each<[string, object, string]>([
  ['no application', { brokers: 'a:1', topic: 't' }, 'application'],
  ['an unknown option', { brokers: 'a:1', topics: 't', application: 'a' }, "there is no option 'topics'"],
  ['a guarantee that is none', { brokers: 'a:1', topic: 't', application: 'a', guarantee: 'once' }, 'guarantee'],
])('a sink with %s is refused', (_, options, text) => {
  expect(() => kafkaSink(options as KafkaSinkOptions)).toThrow(text)
})

const brokers = 'a:1'
test.each<[string, () => unknown, string]>([
  ['what is no source', () => 'orders', 'offsetsOf is "orders"; it must be a source that kafkaSource returned'],
  ['a source without a group', () => kafkaSource({ brokers, topics: 't' }), 'which has no group'],
  [
    'a source of another sink',
    () => {
      const source = kafkaSource({ brokers, topics: 't', group: 'g' })
      kafkaSink({ brokers, topic: 'u', application: 'a', offsetsOf: source })
      return source
    },
    'whose offsets another sink commits',
  ],
])('offsetsOf with %s is refused', (_, source, text) => {
  const options = { brokers, topic: 't', application: 'b', offsetsOf: source() } as KafkaSinkOptions
  expect(() => kafkaSink(options)).toThrow(text)
})

test('offsetsOf without transactions is refused', () => {
  const offsetsOf = kafkaSource({ brokers, topics: 't', group: 'g' })
  expect(() => kafkaSink({ brokers, topic: 't', application: 'a', guarantee: 'at-least-once', offsetsOf })).toThrow(
    'offsetsOf commits offsets in transactions',
  )
})

const bad: [string, unknown, string][] = [
  ['no options', undefined, 'options is undefined'],
  ['an unknown option', { brokers: 'a:1', topics: 't', topic: 't' }, "there is no option 'topic'"],
  ['two ways to name topics', { brokers: 'a:1', topics: 't', pattern: /t/ }, 'exactly one of'],
  ['a broker without a port', { brokers: 'localhost', topics: 't' }, "'host:port'"],
  ['a start that is none', { brokers: 'a:1', topics: 't', start: 'first' }, 'start is "first"'],
  ['a rate of 0', { brokers: 'a:1', topics: 't', maxRatePerPartition: 0 }, 'maxRatePerPartition'],
  [
    'a mechanism that is none',
    { brokers: 'a:1', topics: 't', sasl: { mechanism: 'basic', username: 'u', password: 'secret' } },
    'sasl.mechanism',
  ],
]
test.each(bad)('%s: an error that names the option', (_, options, text) => {
  const message = (() => {
    try {
      kafkaSource(options as KafkaOptions)
      return ''
    } catch (error) {
      return `${(error as MillraceError).code} ${(error as Error).message}`
    }
  })()
  expect(message).toContain('ERR_MILLRACE_ARGUMENT')
  expect(message).toContain(text)
  expect(message).not.toContain('secret')
})

test.each<[string, unknown, string]>([
  ['no object', [], 'its field body is an empty array; it must be an object'],
  ['a partition that is no number', { orders: { first: 1 } }, 'orders.first'],
  ['an offset below 0', { orders: { 0: -1 } }, 'orders.0'],
  ['an offset that is a text', { orders: { 0: '7' } }, 'orders.0'],
])('a position of a checkpoint with %s is refused, and the field is named', (_, position, text) => {
  const { checkPosition } = kafkaSource({ brokers: 'a:1', topics: 'orders' })
  expect(() => checkPosition!({ orders: { 0: 12, 1: 0 } })).not.toThrow()
  expect(() => checkPosition!(position)).toThrow(text)
})
