import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rename } from '../../sdk_js/names.mjs'
import { readNames } from '../../sdk_js/scopes.mjs'

const CODE = `const outer=1,list=[3,4];const make=({_size:size=2,plain},...rest)=>{let sum=size+plain;for(let at=0;at<rest.length;at++){const outer=rest[at];sum+=outer}
for(const{_size:size}of[{_size:5}])sum+=size;try{missing()}catch({message}){sum+=message.length>0?1:0}return{_total:sum,plain,read(){return this._total+outer}}};
export const result=make({_size:10,plain:20},...list).read();export{make as made};`
const run = (text) => import(`data:text/javascript,${encodeURIComponent(text)}`)
/** What a text costs here: letters early in the alphabet are cheap, so that much is renamed. */
const sizeOf = (text) => [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
const renamed = (options = {}) => rename(CODE, { taken: [], properties: new Map(), sizeOf, ...options })

test('a module is printed as it was read', () => {
  assert.equal(readNames(CODE).print(), CODE)
})

test('other names, the same doing', async () => {
  const { text } = renamed()
  assert.ok(sizeOf(text) < sizeOf(CODE))
  assert.equal((await run(text)).result, (await run(CODE)).result)
  assert.equal(typeof (await run(text)).made, 'function')
})

test('private properties are shortened alike in all modules, and never to the name of another property', () => {
  const properties = new Map([['_size', 'z']])
  const { text } = renamed({ properties, taken: ['e', 't'] })
  assert.match(text, /z:/)
  assert.doesNotMatch(text, /_size|_total/)
  assert.ok(!['e', 't', 'z', 'plain', 'length'].includes(properties.get('_total')))
})

test('what was found holds until the module changes', () => {
  const { text, found } = renamed()
  assert.equal(renamed({ found, sizeOf: () => assert.fail('searched again') }).text, text)
  assert.notEqual(renamed({ found: { ...found, of: 'other' } }).found.of, 'other')
})
