import { approvalOf, approvedText, judgeApprovals, refusedAnswer } from '../../domain/approvals';
import { parseMessage } from '../../domain/messages';

const approval = (who: string, why = '') => ({ who, why, at: 1 });
const anyone = { required: true, by: [] };
const few = { required: true, by: ['alice', 'bob'] };

describe('approvals', () => {
  it('are not waited for where none is required', () =>
    expect(judgeApprovals({ required: false, by: ['alice'] }, [])).toEqual({ state: 'not required' }));

  it('are waited for until one came, of those who may', () => {
    expect(judgeApprovals(few, [])).toEqual({ state: 'waiting', needs: { approvals: 1, by: ['alice', 'bob'] } });
    expect(judgeApprovals(few, [approval('mallory')])).toMatchObject({ state: 'waiting' });
    expect(judgeApprovals(few, [approval('mallory'), approval('bob')])).toEqual({
      ...{ state: 'approved', counted: [approval('bob')] },
    });
  });

  it('may be of anyone where nobody is named', () =>
    expect(judgeApprovals(anyone, [approval('somebody')])).toMatchObject({ state: 'approved' }));

  it('by those who may not are refused by name', () => {
    const by = (who: string) => refusedAnswer(few, parseMessage('approve', { who }));
    expect(by('alice')).toBeUndefined();
    expect(by('mallory')).toBe('mallory may not approve; it takes one of: alice, bob');
  });

  it('keep who, why, when and the proof that came with them', () => {
    const sent = { who: 'alice', why: 'looks good', proof: 'signature' };
    expect(approvalOf(parseMessage('approve', sent), 7)).toEqual({ ...sent, at: 7 });
    expect(approvalOf(parseMessage('approve', { ...sent, proof: 'x'.repeat(10_001) }), 7)).not.toHaveProperty('proof');
    expect(approvalOf(parseMessage('approve', { ...sent, proof: { key: 1 } }), 7)).not.toHaveProperty('proof');
  });

  it('are told with their reasons', () =>
    expect(approvedText([approval('alice', 'looks good'), approval('bob')])).toBe(
      'approved by alice: looks good, bob',
    ));
});
