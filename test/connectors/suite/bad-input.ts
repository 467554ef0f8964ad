import type { StreamingContext } from 'millrace'
import { expect } from 'vitest'
import { type FoundError, errorOf as findError } from './errors.js'
import { check } from './expectations.js'
import { type RowRef, startProcess } from './process.js'
import { FAULTS, SECRET, type SinkRow, type SourceRow, type TestServer, writeStream } from './row.js'
import { newContext } from './stream.js'

/** Runs a stream with a fault under the manual clock until its error. */
export function errorOf(
  { ssc, clock }: Pick<ReturnType<typeof newContext>, 'ssc' | 'clock'>,
  build: (ssc: StreamingContext) => void,
): Promise<FoundError> {
  return findError(
    ssc,
    () => clock.advance(1000),
    () => build(ssc),
  )
}

/** Each fault of a source's user is an error with a code, the system's name and a remedy, and without secrets. */
export function checkSourceInput<S extends TestServer>(row: SourceRow<S>, ref: RowRef, server: () => S): void {
  for (const fault of FAULTS) {
    check(`${fault}: an error that says what to do`, row.bad[fault], async ({ open, options, code, says }) => {
      const found = await errorOf(newContext({ ...options?.(server()), threads: 1 }), (ssc) => {
        open(ssc, server()).foreachRDD(async (rdd) => void (await rdd.collect()))
      })
      expectError(found, code, says)
    })
  }
  check('missing client: an error that names the package', row.bad['missing client'], (bad) => missing(ref, bad))
}

/** The same for a sink. */
export function checkSinkInput<S extends TestServer>(row: SinkRow<S>, ref: RowRef, server: () => S): void {
  for (const fault of FAULTS) {
    check(`${fault}: an error that says what to do`, row.bad[fault], async ({ open, options, code, says }) => {
      const found = await errorOf(newContext({ ...options?.(server()), threads: 1 }), (ssc) => {
        writeStream(ssc.queueStream([[row.record(1)]]), open(server()))
      })
      expectError(found, code, says)
    })
  }
  check('missing client: an error that names the package', row.bad['missing client'], (bad) => missing(ref, bad))
}

async function missing(
  ref: RowRef,
  { client, says }: { readonly client: string; readonly says: readonly string[] },
): Promise<void> {
  const child = startProcess(ref, { hidden: client })
  try {
    await child.until(() => child.error !== undefined)
    for (const part of [`npm install ${client}`, ...says]) expect(child.error).toContain(part)
  } finally {
    await child.kill()
  }
}

function expectError(
  { errors, text, everything }: FoundError,
  code: string | undefined,
  says: readonly string[],
): void {
  expect(errors.map((error): string | undefined => error.code)).toContain(code)
  for (const part of says) expect(text).toContain(part)
  expect(everything).not.toContain(SECRET)
}
