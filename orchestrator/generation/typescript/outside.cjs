'use strict';
// Stands in for all that a target depends on. What a call answers is decided by whoever made it; this only listens.
// The double at the end of every generated test file behaves the same.

const { inspect, types: { isPromise } } = require('node:util');

class Outside {
  /** `answer(line, key)` returns what a call answers, an Error to fail; `plain` makes values fit to be shown. */
  constructor({ answer, plain = (value) => value, isSync = () => false, isQuery = () => false, makes = () => null }) {
    Object.assign(this, { plain, isSync, isQuery, makes, asked: 0 });
    this.answer = (...what) => {
      this.asked += 1;
      return answer(...what);
    };
  }

  object(name, path = []) {
    const own = [name, ...path].join('.');
    return new Proxy(named((...args) => this.call(own, args), own), { get: (_, key) => (isSilent(key) ? undefined : this.object(name, [...path, key])) });
  }

  /** Something that is asked and answers nothing, such as a guard that lets somebody in. */
  note(name, args) {
    this.answer(`${name}${this.show(args)}`, { words: name, last: name, isVoid: true });
  }

  fn(name, isSync) {
    return named((...args) => this.call(name, args, isSync), name);
  }

  /** A function that is told something and answers nothing. */
  told(name) {
    return named((...args) => this.note(name, args), name);
  }

  /** An object whose methods are told something and give it back, such as a response of Express. */
  fluent(name) {
    const told = (key) => (...args) => {
      this.note(`${name}.${key}`, args);
      return own;
    };
    const own = new Proxy(named({}, name), { get: (_, key) => (isSilent(key) ? undefined : told(key)) });
    return own;
  }

  query(name) {
    const start = (...args) => this.chain(`${name}${this.show(args)}`, { table: args[0], last: '' });
    return new Proxy(named(start, name), {
      get: (_, key) => {
        if (isSilent(key)) return undefined;
        return (...args) => (key === 'transaction' && typeof args[0] === 'function' ? this.transact(name, args[0])
          : this.chain(`${name}.${key}${this.show(args)}`, { table: null, last: key }));
      },
    });
  }

  /** A resolver that answers what its schema allows. */
  async ask(name, args, type) {
    const answer = this.answer(`${name}${this.show(args)}`, { words: name, last: name.split('.').pop(), args, type });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  call(name, args, isSync = this.isSync(name)) {
    const line = `${name}${this.show(args)}`;
    if (this.makes(name)) return this.make(name, line);
    if (this.isQuery(name)) return this.chain(line, { table: name, last: '' });
    if (this.isMute) return this.object(line);
    const answer = this.answer(line, { words: name, last: name.split('.').pop(), args });
    if (!isSync) return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** What a function of the outside makes, such as a client: it is asked under the name of what made it. */
  make(name, line) {
    if (!this.isMute) this.answer(line, { words: name, last: name, isVoid: true });
    return this.makes(name) === 'query' ? this.query(`${name}()`) : this.object(`${name}()`);
  }

  /** An object that a class of the outside makes; that it was made counts while a module is loaded. */
  made(name, args) {
    if (this.isLoading) this.note(`new ${name}`, args);
    return this.object(name);
  }

  chain(line, key) {
    if (this.isLoading && line !== 'query') this.answer(line, { ...key, isVoid: true });
    // `inspect` looks through a proxy, at what it stands for.
    const link = new Proxy(Object.assign(() => {}, { [inspect.custom]: () => line }), {
      get: (_, method) => {
        if (method === inspect.custom) return () => line;
        if (typeof method === 'symbol') return undefined;
        if (method === 'then') {
          return (resolve, reject) => {
            const answer = this.answer(line, key);
            return (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)).then(resolve, reject);
          };
        }
        if (method === 'catch' || method === 'finally') return (act) => Promise.resolve(link)[method](act);
        return (...args) => {
          line += `.${method}${this.show(args)}`;
          key = { ...key, last: method };
          return link;
        };
      },
    });
    return link;
  }

  async transact(name, work) {
    this.answer(`${name}.transaction()`, { words: `${name}.transaction`, last: 'transaction', isVoid: true });
    return work(this.query('trx'));
  }

  show(args) {
    const shown = args.map((one) => (isError(one) ? { [inspect.custom]: () => `[${one}]` } : typeof one !== 'function' ? this.plain(one) : Object.hasOwn(one, inspect.custom) || one[inspect.custom] ? one : this.callback(one)));
    return `(${shown.map((one) => inspect(one, { depth: 8, breakLength: Infinity, compact: true, maxArrayLength: null, maxStringLength: null })).join(', ')})`;
  }

  /** What a callback such as that of `where` does to the builder it gets; something with a name of its own, such as a handler, is known by that. */
  callback(work) {
    if (work.name) return { [inspect.custom]: () => `[Function: ${work.name}]` };
    const builder = this.chain('query', {});
    try {
      const made = work.call(builder, builder);
      if (isPromise(made)) made.catch(() => {});
    } catch {
      return work;
    }
    return { [inspect.custom]: () => `(query) => ${inspect(builder)}` };
  }
}

/** An error of any realm; where it was made does not count. */
function isError(value) {
  return Object.prototype.toString.call(value) === '[object Error]';
}

/** What is shown of a double that is itself an argument. */
function named(double, name) {
  return Object.assign(double, { [inspect.custom]: () => name });
}

/** What others look for to see whether something is a promise, or a property in disguise. */
function isSilent(key) {
  return typeof key === 'symbol' || ['then', 'getter', 'setter'].includes(key);
}

module.exports = { Outside };
