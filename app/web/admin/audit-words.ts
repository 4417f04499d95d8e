/** What each entry of the audit log says in words. */
export const auditWords = {
  "user.create": "made the account",
  "user.change": "changed the account",
  "user.password": "gave a new password to",
  "user.end_sessions": "signed out everywhere",
  "user.export": "exported the data of",
  "user.erase": "erased",
  "key.revoke": "revoked the key",
  "budget.set": "set the budget",
  "budget.remove": "removed the budget",
  "trial.set": "set the A/B test of",
  "trial.remove": "ended the A/B test of",
} as const;
