import { printedBatch } from '../../engine/streaming/print-batch.js'
import { tablesOf } from '../../engine/streaming/tables-of.js'
import * as millrace from '../../index.js'
import { formatMillis } from '../../ops/time.js'
import { describeError } from '../describe-error.js'
import { NotStartedError } from '../not-started.js'
import { moduleUrl, openPipeline } from '../pipeline.js'
import type { AttachCommand, ShellCommand } from '../shell/arguments.js'
import { converse } from '../shell/converse.js'
import { ATTACHED_HELP, LOCAL_HELP } from '../shell/help.js'
import { localTables } from '../shell/local-tables.js'
import { defineNames } from '../shell/names.js'
import { NewestBatches } from '../shell/newest-batches.js'
import { PageClient } from '../shell/page-client.js'
import { StageProgress } from '../shell/progress.js'
import { questions } from '../shell/questions.js'
import { isPending, settle } from '../shell/results.js'
import { typeStripper } from '../shell/typescript.js'
import { version } from '../version.js'

/**
 * Evaluates what is typed, with `ctx` and `ssc`. Returns false if an input that did not come from a terminal failed. Rejects with
 * NotStartedError if the module cannot be run.
 */
export async function shell({ module, threads, batchInterval, params }: ShellCommand): Promise<boolean> {
  const ssc =
    module === undefined
      ? new millrace.StreamingContext({ batchInterval, ...(threads !== undefined && { threads }) })
      : await openPipeline(moduleUrl(module), { batchInterval, threads, params })
  try {
    const ctx = ssc.context
    const batches = new NewestBatches(ctx)
    const tables = localTables(tablesOf(ssc))
    defineNames({ ...millrace, ctx, ssc, batches: (count?: number) => batches.newest(count), ...tables })
    const strip = typeStripper()
    const progress = process.stderr.isTTY ? new StageProgress(ctx) : undefined
    const every = formatMillis(ssc.batchInterval)
    const facts = `${ctx.options.threads} threads, ${strip ? 'TypeScript' : 'JavaScript (for TypeScript: npm i tsx)'}`
    return await converse({
      strip,
      isPending,
      settle,
      within: (signal, evaluate) => ctx.withSignal(signal, evaluate),
      banner: `Millrace ${version()}, ${facts}. ctx: datasets, ssc: streams with a batch every ${every}. .help shows examples.`,
      help: LOCAL_HELP,
      onBusy: (isBusy) => progress?.show(isBusy),
      onOpen: (write, report) => {
        ssc.printer = (time, lines) => write(`${printedBatch(time, lines)}\n`)
        ssc.awaitTermination().catch((error: unknown) => report(`${describeError(error)}\n`))
      },
    })
  } finally {
    await ssc.stop()
  }
}

/** Evaluates questions to the page of a running pipeline. Rejects with NotStartedError if no page answers. */
export async function attach({ page, token = process.env.MILLRACE_TOKEN }: AttachCommand): Promise<boolean> {
  const client = new PageClient(page, token)
  await client.get('overview').catch((error: unknown) => {
    throw new NotStartedError(error)
  })
  defineNames(questions(client))
  return await converse({
    strip: typeStripper(),
    isPending,
    settle,
    within: (_, evaluate) => evaluate(),
    banner: `Millrace ${version()}, attached to ${client.url}. .help shows the questions.`,
    help: ATTACHED_HELP,
  })
}
