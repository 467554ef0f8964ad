import { PipelineError } from '../errors.js'

let loaderReady: Promise<unknown> | undefined

/**
 * Imports a pipeline module. TypeScript is loaded by Node itself where it strips types; where it does not (before
 * 22.18), through tsx, which must be installed beside Millrace.
 */
export async function importPipelineModule(url: string): Promise<Record<string, unknown>> {
  if (/\.[cm]?tsx?$/.test(new URL(url).pathname) && !(process.features as { typescript?: unknown }).typescript) {
    loaderReady ??= registerTsx(url)
    await loaderReady
  }
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (cause) {
    throw new PipelineError(
      `The pipeline module ${url} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        details: { url },
      },
    )
  }
}

async function registerTsx(url: string): Promise<void> {
  try {
    const { register } = await import('tsx/esm/api')
    register()
  } catch (cause) {
    throw new PipelineError(
      `The pipeline module ${url} is TypeScript, which Node ${process.versions.node} does not run. Install tsx (npm i tsx), use Node 22.18 or later, or compile the module to JavaScript.`,
      { cause, details: { url } },
    )
  }
}
