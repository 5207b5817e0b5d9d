'use strict';
// Stands in for authentication: whoever sends an Authorization header is let in, as somebody that the search makes up.

const REFUSED = 'Authentication required';

/** What replaces an imported name with a role: a `gate`, a `maker` of gates, a `viewer` that tells who is signed in. */
function standIn({ role, local, admits, type }, outside, give) {
  const admit = async (request) => {
    give.asked?.();
    if (admits && !request.headers.authorization) throw Object.assign(new Error(REFUSED), { statusCode: 401 });
    request.orchestrateAdmit?.();
  };
  if (role === 'viewer') return () => give.input(`viewer:${local}`, (draws) => draws.draw(`viewer:${local}`, type, local));
  if (role === 'gate') return admit;
  return (...args) => async (request) => {
    await admit(request);
    outside.note(local, args);
  };
}

module.exports = { standIn };
