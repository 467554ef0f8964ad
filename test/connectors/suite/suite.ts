import { afterAll, beforeAll, describe, test } from 'vitest'
import { hasService } from '../../services/service.js'
import { checkSinkInput, checkSourceInput } from './bad-input.js'
import { programOf } from './example.js'
import type { ConnectorRow, TestServer } from './row.js'
import { checkSink } from './sink-checks.js'
import { checkSource } from './source-checks.js'

/** Runs all checks of a connector. Its server starts once. */
export function runSuite<S extends TestServer>(row: ConnectorRow<S>): void {
  describe.runIf(row.service === undefined || hasService(row.service))(`millrace/${row.name}`, () => {
    let server: S
    beforeAll(async () => {
      server = await row.start()
    })
    afterAll(async () => await server?.[Symbol.asyncDispose]())
    const running = () => server
    for (const [index, source] of row.sources.entries()) {
      describe(source.name, () => {
        checkSource(source, { row: row.name, kind: 'source', index }, running)
        checkSourceInput(source, { row: row.name, kind: 'source', index }, running)
      })
    }
    for (const [block, program] of Object.entries(row.programs)) {
      test(`program ${block} of the page runs`, () => program(server, programOf(`${row.name}.md`, Number(block))))
    }
    for (const [index, sink] of row.sinks.entries()) {
      describe(sink.name, () => {
        checkSink(sink, { row: row.name, kind: 'sink', index }, running)
        checkSinkInput(sink, { row: row.name, kind: 'sink', index }, running)
      })
    }
  })
}
