import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { serialize } from 'node:v8'
import { bundlePipeline } from './pipeline-bundle.js'
import { PIPELINE_FILES, type PipelineBoot } from './pipeline-files.js'

/** A pipeline module in files for the executors, in a temporary folder of the driver. */
export class ShippedPipeline {
  /** The URL from which the driver loads the module. */
  readonly url: string
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
    this.url = pathToFileURL(join(folder, 'driver.mjs')).href
  }

  /** Bundles a module. @throws PipelineError (rejects) if it cannot be bundled. */
  static async of(url: string, external: readonly string[]): Promise<ShippedPipeline> {
    const { driver, executors } = await bundlePipeline(url, external)
    const folder = await mkdtemp(join(tmpdir(), 'millrace-pipeline-'))
    try {
      await writeFile(join(folder, 'driver.mjs'), driver)
      await writeFile(join(folder, PIPELINE_FILES.module), executors)
      return new ShippedPipeline(folder)
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Sets what workers build the graph from, once the driver has built it. */
  setBoot(boot: PipelineBoot): void {
    writeFileSync(join(this.#folder, PIPELINE_FILES.boot), serialize(boot))
  }

  get files(): readonly string[] {
    return [PIPELINE_FILES.module, PIPELINE_FILES.boot].map((name) => join(this.#folder, name))
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
