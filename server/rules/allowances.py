"""How much one phone, code or address may ask of us. All the numbers are here, so that they can be weighed together.

They are made for the day the water main breaks: 150 households of one building, behind one address of their network
operator, report within the hour, most of them in the same few minutes, with a photo or two. They get through. A script gets
what they would, and no more.

Short windows come first, so that whoever was too fast waits a minute and not an hour.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be asked, in the words of the library `limits`: `"60/minute; 400/hour"`.

    `name` is what is counted together: routes that share it share its counters. `per_code` counts by the stairwell or claim
    code in the address, `per_session` by the token, `per_key` by another system's key. With `failures_only` just what was
    not found counts.
    """

    name: str
    per_address: str = ""
    per_code: str = ""
    per_session: str = ""
    per_key: str = ""
    failures_only: bool = False


# 150 households and their second tries, in an hour; sixty in the worst minute. A head who comes from her round with thirty
# slips of paper reports for others with one token.
REPORTS = Allowance("reports", "60/minute; 400/hour", "60/minute; 300/hour", "30/10 minute; 120/hour")

# Unpacking one costs a quarter of a second of CPU: 100 a minute are less than half of one core, and 600 an hour a twentieth.
PHOTOS = Allowance("photos", "100/minute; 600/hour", "100/minute; 600/hour", "60/10 minute; 300/hour")

# Confirming, reopening, rating, adding a word, withdrawing: a few words about one report, for all of a building.
WORDS = Allowance("words", "60/minute; 400/hour", "15/10 minute; 40/hour", "30/10 minute; 120/hour")

# A claim code has 60 random bits: guessing is hopeless, this only keeps it from costing anything. Wide, because whoever
# guesses must not lock out the neighbours behind the same address.
CLAIM_GUESSES = Allowance("claim guesses", "60/minute; 300/hour", failures_only=True)

# The page of a code, and what is open in a building: everybody looks, several times.
READING = Allowance("reading", "600/minute; 6000/hour")
PICTURES = Allowance("pictures", "3000/minute; 30000/hour")

# Each costs a call to WeChat. A mini-program signs in when it is opened after a month; a page is recognised once a week.
SIGN_INS = Allowance("sign-ins", "100/minute; 600/hour")
RECOGNISED = Allowance("recognised", "100/minute; 600/hour")

# Each costs a call and a little of our quota, and nobody has more than a number or two.
PHONES = Allowance("phones", "60/minute; 200/hour", per_session="5/10 minute; 10/day")

# scrypt takes a twentieth of a second. An office of fifty, behind one address, begins its morning. Guesses at one user name
# are slowed more, in the database (`server.core.auth`).
PASSWORDS = Allowance("passwords", "60/minute; 300/hour")

# Another system sends for a whole city from one address: a burst when its own queue was held up, and 2,000 in an hour. A list
# is up to a thousand rows: twice a minute is often enough to keep up.
OPEN311_WRITES = Allowance("open311 writes", "300/minute; 6000/hour", per_key="120/minute; 2000/hour")
OPEN311_READING = Allowance("open311 reading", "120/minute; 1500/hour")
