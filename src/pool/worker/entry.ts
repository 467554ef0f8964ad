// Registers the functions that sinks run in threads.
import '../../formats/reading.js'
import '../../sinks/save-formats.js'
import '../../sinks/write-to.js'
import '../../sql/run-query.js'
import { createRuntime } from './runtime/runtime.js'
import { serve } from './runtime/serve.js'

// Piscina expects the handler as the default export.
export default serve(createRuntime)
