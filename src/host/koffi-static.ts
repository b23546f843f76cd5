// What stands in an executable for koffi's own search of its native module (src/koffi/src/static.js of that package, which
// scripts/executables/bundle.ts puts this in place of): the one beside it, checked, and no other.
import { loadNativeModule } from '../native-module.ts'

/** koffi asks for the module of a platform; an executable has one. */
export const loadStatic = (): unknown => loadNativeModule('koffi.node')
