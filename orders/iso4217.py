"""ISO 4217's current currencies, by their decimals. scripts/currencies.py writes this: no hand changes it.

What is withdrawn is not here, nor what has no minor unit (metals, units of account, codes for testing).
"""

PUBLISHED = "2026-01-01"  # the date of the list

# How many decimals → which currencies.
BY_DECIMALS = {
    0: """BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF""",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
    YER ZAR ZMW ZWG""",
    3: """BHD IQD JOD KWD LYD OMR TND""",
    4: """CLF UYW""",
}
PLACES = {code: places for places, codes in BY_DECIMALS.items() for code in codes.split()}

# Codes of funds, which nobody pays with.
FUNDS = frozenset("BOV CHE CHW CLF COU MXV USN UYI".split())
