import { inspect } from 'node:util'
import type { MillraceError, StreamingContext } from 'millrace'

/** What came of a stream with a fault. */
export interface FoundError {
  /** The error and its causes, or the events of a source that reports its faults; empty if there was none. */
  readonly errors: readonly MillraceError[]
  /** Messages of all of them. */
  readonly text: string
  /** Everything that a user may see of it. */
  readonly everything: string
}

/** Builds and runs a stream until its first error: thrown, rejected, or reported as an event. */
export async function errorOf(
  ssc: StreamingContext,
  tick: () => Promise<void>,
  build: () => void,
): Promise<FoundError> {
  const reported = new Promise<unknown>((resolve) => {
    ssc.on('receiverError', (event) => resolve(event))
  })
  let error: unknown
  try {
    build()
    await ssc.start()
    const ended = ssc.awaitTermination().then(
      () => undefined,
      (cause: unknown) => cause,
    )
    await Promise.race([tick(), ended, reported])
    error = await Promise.race([ended, reported])
  } catch (cause) {
    error = cause
  }
  const stopped = await ssc.stop().catch((cause: unknown) => cause)
  const errors = chainOf(error)
  return {
    errors,
    text: errors.map(({ message }) => message).join('\n'),
    everything: inspect([error, errors.map((each) => [each.stack, each.details]), stopped], {
      depth: 20,
      showHidden: true,
    }),
  }
}

function chainOf(error: unknown): MillraceError[] {
  const chain: MillraceError[] = []
  for (let at = error; typeof at === 'object' && at !== null && chain.length < 20; at = (at as Error).cause)
    chain.push(at as MillraceError)
  return chain
}
