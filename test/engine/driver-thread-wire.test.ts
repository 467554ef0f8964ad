import { describe, expect, test } from 'vitest'
import { packDetails, unpackDetails } from '#build/engine/driver-thread/details-wire.js'
import { OutputSender } from '#build/engine/driver-thread/output-sender.js'
import { RemoteError, TaskFailedError } from '#build/errors.js'
import { decodeError, encodeError } from '#build/pool/error-wire.js'

const across = (value: unknown) => unpackDetails(structuredClone(packDetails(value)))

describe('details of events and log messages', () => {
  test('plain data as it is', () => {
    const value = { time: 1, list: [1, 'two', null, undefined], at: new Date(3), map: new Map([[1, { a: 2 }]]), n: 4n }
    expect(across(value)).toStrictEqual(value)
  })

  test('errors anywhere keep class, code, details and cause', () => {
    const error = new TaskFailedError('failed', { cause: new RangeError('too far'), details: { partition: 3 } })
    const { outputs } = across({ outputs: [{ id: 0, error }] }) as { outputs: { error: Error }[] }
    expect(outputs[0]!.error).toBeInstanceOf(TaskFailedError)
    expect(outputs[0]!.error).toMatchObject({
      code: error.code,
      details: { partition: 3 },
      cause: expect.any(RangeError),
    })
    expect(across(error)).toBeInstanceOf(TaskFailedError)
  })

  test('what cannot be cloned is told as text, circles too', () => {
    const circle: Record<string, unknown> = { fn: () => 1, waits: Promise.resolve(), mark: Symbol('m') }
    circle.self = circle
    expect(across(circle)).toMatchObject({ fn: '() => 1', waits: '[object Promise]', mark: 'Symbol(m)' })
  })
})

test('an error of an unknown class is the same after a second thread', () => {
  class OwnError extends Error {
    override readonly name = 'OwnError'
    readonly code = 'E_OWN'
    readonly extra = { a: 1 }
  }
  const once = decodeError(encodeError(new OwnError('own', { cause: new TypeError('below') }))) as RemoteError
  const twice = decodeError(encodeError(once)) as RemoteError
  for (const error of [once, twice]) {
    expect(error).toBeInstanceOf(RemoteError)
    expect(error).toMatchObject({
      remoteName: 'OwnError',
      remoteCode: 'E_OWN',
      message: 'own',
      details: { extra: { a: 1 } },
    })
    expect(error.cause).toBeInstanceOf(TypeError)
  }
  expect(twice.stack).toBe(once.stack)
  expect(twice.details).toStrictEqual(once.details)
})

test('255 batches of an output are sent at once, the next waits until one is taken; none waits after the end', async () => {
  const sent: number[] = []
  const outputs = new OutputSender({ sendOutput: (_, time) => void sent.push(time) })
  for (let time = 0; time < 255; time++) await outputs.deliver('a', time, [])
  const order: string[] = []
  const full = outputs.deliver('a', 255, []).then(() => order.push('went on'))
  await outputs.deliver('b', 0, [])
  order.push('other output')
  outputs.taken('a')
  await full
  expect(order).toEqual(['other output', 'went on'])
  const last = outputs.deliver('a', 256, [])
  outputs.end()
  await last
  await outputs.deliver('a', 257, [])
  expect(sent).toHaveLength(259)
})
