// What goes wrong in the driver, as the parameter says. `seen` counts calls of foreachRDD in shared memory.
import { definePipeline } from 'millrace'

class OwnError extends Error {
  name = 'OwnError'
  code = 'E_OWN'
}

const FAULTS = {
  none: () => undefined,
  hangs: () => new Promise(() => {}),
  spins: () => {
    for (;;);
  },
  throws: () => {
    throw new OwnError('of its own', { cause: new RangeError('too far') })
  },
  uncaught: () =>
    void setImmediate(() => {
      throw new RangeError('loose end')
    }),
  unhandled: () => void Promise.reject(new RangeError('nobody looked')),
  exits: () => process.exit(1),
}

export default definePipeline((ssc, { fault = 'none', seen, printed = false }) => {
  const numbers = ssc.pushStream('numbers')
  numbers.output('numbers')
  if (printed) numbers.print()
  numbers.foreachRDD(() => {
    if (seen) Atomics.add(seen, 0, 1)
    return FAULTS[fault]()
  })
})
