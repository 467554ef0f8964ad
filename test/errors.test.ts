import * as millrace from 'millrace'
import { ERROR_CODES, type ErrorCode, GraphError, MillraceError, TaskTimeoutError, ThreadLostError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { errorClass } from '#build/pool/error-classes.js'
import { decodeError, encodeError } from '#build/pool/error-wire.js'

type AnyErrorClass = new (...args: never[]) => MillraceError

const isErrorClass = (value: unknown): value is AnyErrorClass =>
  typeof value === 'function' && Object.prototype.isPrototypeOf.call(MillraceError, value)

describe('error codes', () => {
  const classes = Object.values(millrace).filter(isErrorClass)

  test('each has one class that the package exports, and each class has a code', () => {
    const named = ERROR_CODES.map((code) => errorClass(code).name)
    expect(new Set(named).size).toBe(ERROR_CODES.length)
    expect(named.sort()).toEqual(classes.map(({ name }) => name).sort())
  })

  test.each(ERROR_CODES.filter((code) => code !== 'ERR_MILLRACE_REMOTE'))(
    '%s keeps its class between threads',
    (code) => {
      const error = Reflect.construct(MillraceError, [code, 'text', { details: { a: 1 } }], errorClass(code))
      const arrived = decodeError(structuredClone(encodeError(error)))
      expect(Object.getPrototypeOf(arrived)).toBe(errorClass(code).prototype)
      expect(arrived).toMatchObject({ code, message: 'text', details: { a: 1 } })
      expect(arrived).toBeInstanceOf(MillraceError)
    },
  )

  test('a code of a newer copy of the package arrives as a MillraceError', () => {
    const wire = { name: 'NewError', message: 'text', code: 'ERR_MILLRACE_NEW' }
    const arrived = decodeError(wire)
    expect(arrived).toBeInstanceOf(MillraceError)
    expect(arrived).toMatchObject({ code: 'ERR_MILLRACE_NEW' as ErrorCode, message: 'text' })
  })

  test('a task timeout is the loss of a thread', () => {
    const error = new TaskTimeoutError('text')
    expect(error).toBeInstanceOf(ThreadLostError)
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_TASK_TIMEOUT', reason: 'timeout', name: 'TaskTimeoutError' })
  })

  test('faults of a graph arrive with the error', () => {
    const arrived = decodeError(structuredClone(encodeError(new GraphError(['one', 'two']))))
    expect(arrived).toMatchObject({ faults: ['one', 'two'], message: expect.stringContaining('2 faults') })
  })
})
