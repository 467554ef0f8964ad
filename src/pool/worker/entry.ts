// Registers the functions that sinks run in threads.
import '../../formats/reading.js'
import '../../sinks/save-formats.js'
import '../../sinks/write-to.js'
import '../../sql/arrow/run-encoder.js'
import '../../sql/run-query.js'
import { createRuntime } from './runtime/runtime.js'
import { serve } from './runtime/serve.js'

/** Handles the messages of the driver, whose form is internal. The pool expects it as the default export. */
const handler: (message: never) => Promise<unknown> = serve(createRuntime)
export default handler
