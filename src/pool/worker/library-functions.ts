// Registers the functions of the library that plans name and that rooms besides this one define. Threads load it, and processes of executors.
import '../../formats/reading.js'
import '../../sinks/save-formats.js'
import '../../sinks/write-to.js'
import '../../sql/arrow/run-encoder.js'
import '../../sql/run-query.js'
