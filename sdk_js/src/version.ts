// The version of the script, printed in by the build from package.json.
declare const VISITREEL_VERSION: string

export const SDK_VERSION: string = VISITREEL_VERSION
