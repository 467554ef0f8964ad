import { describe } from '../values/describe.js'
import { importModule, type ModuleKind } from './pipeline-module.js'

/** An export of a module, as sources and sinks name it. */
export interface ExportRef {
  readonly module: string
  readonly export: string
}

/**
 * Loads exports that have a method, each once per thread. An export that could not be loaded is loaded again the next
 * time.
 */
export class ExportLoader<T extends object> {
  readonly #kind: string
  readonly #module: ModuleKind
  readonly #method: keyof T & string
  readonly #advice: string
  readonly #loaded = new Map<string, Promise<T>>()

  /** `kind` and `advice` complete the error for an export without the method, `Failure` is its class. */
  constructor(kind: string, method: keyof T & string, advice: string, Failure: ModuleKind['Failure']) {
    this.#kind = kind
    this.#module = { what: `module of the ${kind}`, Failure }
    this.#method = method
    this.#advice = advice
  }

  /** @throws Failure (rejects) if the module cannot be loaded, or its export has no such method. */
  load(ref: ExportRef): Promise<T> {
    const name = `${ref.module}#${ref.export}`
    const known = this.#loaded.get(name)
    if (known) return known
    const loading = this.#import(ref)
    this.#loaded.set(name, loading)
    loading.catch(() => this.#loaded.delete(name))
    return loading
  }

  async #import({ module, export: name }: ExportRef): Promise<T> {
    const exported = (await importModule(module, this.#module))[name] as T | undefined
    if (typeof exported?.[this.#method] === 'function') return exported
    throw new this.#module.Failure(
      `The ${this.#kind} ${name} of ${module} is ${describe(exported)}; export an object with ${this.#advice}.`,
      { details: { module, export: name } },
    )
  }
}
