import './library-functions.js'
import { createRuntime } from './runtime/runtime.js'
import { serve } from './runtime/serve.js'

/** Handles the messages of the driver, whose form is internal. The pool expects it as the default export. */
const handler: (message: never) => Promise<unknown> = serve(createRuntime)
export default handler
