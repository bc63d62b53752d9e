// A finding and a consultation between two agencies, each a node of its own: what is issued in an operation is read and signed at
// the other, what is superseded says so there, and what the other says through a cut stands on the shared board once it heals.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { skip_house as skip } from './house.mjs';
import { joined, lineIs, openJoint, openRelay } from './joint.mjs';
import { BOUND_MS, until } from './seat.mjs';

let joint;

before(async () => {
  if (!skip) joint = await openJoint(['City', 'Airport']);
});
after(async () => {
  await joint?.close();
});

const finding = (title, more = {}) => ({
  title, kind: 'warning', urgency: 'immediate', grade: { source: 'B', credibility: 2 }, valid_until: new Date(Date.now() + 86_400_000).toISOString(),
  sources: [{ what: { is: 'open_report', label: 'Evening paper' } }], text: 'Three fires at the locks; a man called Wu was heard.', ...more,
});

test('an assessment is issued to another agency, signed there and superseded; a consultation is held with it across a cut', { skip, timeout: 12 * BOUND_MS }, async () => {
  const [city, airport] = joint.agencies;
  const analyst = await city.house.program('analyst');
  const operation = await joined(joint.agencies);
  const issued = async (more) => {
    const { id } = await analyst.post('/assessments', finding('Fires along the canal', more));
    await city.duty.post(`/assessments/${id}/steps`, { do: 'review' });
    await city.duty.post(`/assessments/${id}/steps`, { do: 'issue', seats: ['dispatcher'], operation, agencies: [airport.node] });
    return id;
  };
  const draft = await analyst.post('/assessments', finding('Not for others yet'));
  const id = await issued();
  const there = () => airport.duty.get(`/assessments/of/${city.node}/${id}`).catch(() => null);
  const found = await until(async () => ((await there())?.text ? there() : null), 'the other agency can read it');
  assert.equal(found.text, finding('').text);
  assert.equal(found.own, false);
  assert.equal(found.to_read, true);
  assert.deepEqual(found.may, ['sign']);
  assert.deepEqual(found.authors, [], 'no name of ours leaves the house');
  assert.equal((await airport.duty.ask('GET', `/assessments/of/${city.node}/${draft.id}`)).status, 404, 'a draft does not leave the house');
  await airport.step(operation, { do: 'sign', node: city.node, record: `assessment:${id}` });
  const signed = async () => (await city.duty.get(`/assessments/${id}`)).readers.agencies[0]?.signed_at;
  await until(signed, 'its home sees that they signed');
  assert.equal((await there()).to_read, false);

  const relay = await openRelay(city, airport);
  const papers = [{ record: `assessment:${id}` }];
  const called = await city.duty.post('/consultations', {
    subject: 'The canal', at: new Date().toISOString(), venue: 'on line', seats: ['dispatcher'], operation, agencies: [airport.node], papers,
  });
  const refused = await city.duty.ask('POST', '/consultations', {
    subject: 'Too early', at: new Date().toISOString(), venue: 'on line', seats: [], operation, agencies: [airport.node], papers: [{ record: `assessment:${draft.id}` }],
  });
  assert.equal(refused.json.code, 'wrong_state', 'a paper for others is issued first');
  const sit = (body) => city.duty.post(`/consultations/${called.id}/steps`, body);
  await sit({ do: 'open' });
  await sit({ do: 'card', text: 'No boat at night' });
  const at_airport = () => airport.duty.get(`/consultations/of/${city.node}/${called.id}`).catch(() => null);
  await until(async () => (await at_airport())?.contributions.some((each) => each.text === 'No boat at night'), 'the board is there');
  relay.cut();
  await lineIs(airport, city, 'cut');
  await airport.step(operation, { do: 'say', node: city.node, record: `consultation:${called.id}`, text: 'We have two boats' });
  await sit({ do: 'decide', text: 'Patrol the quay' });
  await sit({ do: 'direct', no: 1 });
  relay.heal();
  const said = async () => (await city.duty.get(`/consultations/${called.id}`)).contributions.find((each) => each.what === 'message');
  const message = await until(said, 'what was said during the cut stands on the board');
  assert.equal(message.text, 'We have two boats');
  assert.match(message.by, /Airport/);
  await sit({ do: 'conclude' });
  await until(async () => (await at_airport())?.status === 'concluded', 'the other agency knows that it is over');
  assert.equal((await at_airport()).decisions[0].outcome, 'directive');

  await issued({ supersedes: id });
  await until(async () => (await there())?.status === 'superseded', 'what is superseded says so there');
});
