// What happens in the tasks, as the parameter says: `throws` for a number, or `spins` for ever, counting in shared memory.
import { definePipeline } from 'millrace'

export default definePipeline((ssc, { does, counter, given = false }) => {
  ssc
    .pushStream('numbers')
    .map(
      (n) => {
        if (does === 'spins') for (;;) Atomics.add(counter, 0, 1)
        if (n === 13) throw new TypeError('13 is not taken')
        return n * 2
      },
      given ? { onRecordError: 'dead-letter' } : undefined,
    )
    .output('doubled')
})
