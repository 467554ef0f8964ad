/*
 * Callers may pass any value to an operation: a Proxy, an object whose getter or `toString` throws, a bigint where a
 * number is expected. The checks of the operations name the values that they expect. This module turns any other error
 * into an ArgumentError, so that every error of an operation has a code. Costs one call per operation, none per record.
 */
import { Context } from './engine/context.js'
import { StreamingContext } from './engine/streaming/streaming-context.js'
import { StreamBuilder } from './ops/dstream/builder.js'
import { EventStreamFacade } from './ops/dstream/event-time/event-stream.js'
import { StreamFacade } from './ops/dstream/facade.js'
import { RddBuilder } from './ops/rdd/builder.js'
import { RddFacade } from './ops/rdd/facade.js'
import { unusable } from './values/unusable.js'

type Method = (this: unknown, ...args: unknown[]) => unknown

function guarded(label: string, method: Method): Method {
  const guard: Method = function (this: unknown, ...args) {
    try {
      const result = method.apply(this, args)
      if (args.length === 0 || !(result instanceof Promise)) return result
      return result.catch((error: unknown) => Promise.reject(unusable(label, args, error)))
    } catch (error) {
      throw unusable(label, args, error)
    }
  }
  for (const name of ['name', 'length']) {
    Object.defineProperty(guard, name, { value: method[name as 'name'], configurable: true })
  }
  return guard
}

function guard(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const property = Object.getOwnPropertyDescriptor(prototype, name)
    if (typeof property?.value !== 'function') continue
    Object.defineProperty(prototype, name, { ...property, value: guarded(name, property.value as Method) })
  }
}

// Operator files assign their operations, which makes them enumerable; members of class bodies are not.
for (const { prototype } of [RddFacade, RddBuilder, StreamFacade, EventStreamFacade, StreamBuilder]) {
  guard(prototype, Object.keys(prototype))
}
guard(RddBuilder.prototype, ['parallelize', 'textFile', 'range', 'broadcast'])
guard(Context.prototype, ['on'])
guard(StreamingContext.prototype, ['on', 'output', 'checkpoint'])
