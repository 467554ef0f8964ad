import type { Rdd } from '../ops/rdd/rdd.js'

/** Commits what the tasks of an output have written, and passes the fault points around it. */
export async function commitOutput(rdd: Rdd<unknown>, commit: () => Promise<void>): Promise<void> {
  const { runner } = rdd.context
  runner.faultPoint('output:written')
  const committed = commit()
  runner.faultPoint('output:committing')
  await committed
  runner.faultPoint('output:committed')
}
