"""The English words that introduce a name, as parts of patterns without case."""

TITLE = r"(?:(?:mr|mrs|ms|mx|dr|prof)\b\.?|miss|professor|madam|mdm|auntie|aunt|uncle|granny)"
PARTICLE = "(?:van der|van den|van de|de la|de los|van|de|der|den|da|bin|bte|binti|al|el|la|le|von|di|dos|del|ter|af|zu|s/o|d/o)"
_KIN = (
    "wife|husband|partner|son|daughter|mother|father|mum|mom|dad|brother|sister|friend|colleague|flatmate|roommate"
    "|neighbou?r|assistant|boss|girlfriend|boyfriend|fianc[eé]e?|nan|grandmother|grandma|grandson|granddaughter|nephew"
    "|niece|cousin|mother-in-law|father-in-law|sister-in-law|brother-in-law|landlord|landlady|secretary|carer|uncle|aunt"
)
_STAFF = (
    "rep|agent|driver|courier|manager|supervisor|advisor|adviser|operator|representative|receptionist|concierge|porter"
    "|postman|technician|engineer|assistant|associate|cashier|guard|installer|clerk|chatbot|host|guy|lady|person|woman|man"
)
_PART = "surname|last name|first name|given name|family name|middle name|maiden name|real name|legal name|full name|nick ?name"
# Behind these nearly any capitalised word is a name.
NAMED = (
    r"(?:customer|client|account|buyer|user|billing|shipping|contact|card|delivery)(?:'s)? name(?: is| was|:| -)?|my name is|my name's|name is|name was|name on (?:the|my|this) [a-z]{3,9} is|name's|name:|name ?=|name (?:to|from|as|should be|reads)"
    rf"|(?:{_PART})(?: (?:on|for) [a-z ]{{3,20}})?(?: is| was|:| should be| to| as){{0,2}}(?: spel(?:led|t))?"
    r"|(?:name |names )?(?:as )?printed(?: as| on it)?|spel(?:led|t)(?: as)?"
    r"|speaking (?:to|with)|spoke (?:to|with)|speak (?:to|with)|talked (?:to|with)|talking to|chatted (?:to|with)|dealt with|chat with"
    r"|ask(?:ed)? for|c/o|care of|attn:?|(?:recipient|receiver)(?: is)?:?|consignee(?: is|:)?|contact person:?|sender:?"
    r"|address(?:ed)? (?:it |this )?to|signed (?:for )?by|(?:accepted|received|collected|picked up|taken in|placed|ordered|sent|paid|served|handled|delivered) by"
    r"|left with|handed (?:it )?to|given (?:it )?to|give (?:it )?to|cardholder(?: name)?(?: is)?:?|account holder(?: is)?:?"
    r"|on behalf of|in the name of|under the name(?: of)?|(?:booked|ordered|placed|filed|listed|reserved|down) under|registered (?:to|under)|made out to|payable to|belongs to|named"
    r"|passenger(?: name)?(?: is)?:?|patient(?: name)?:?|guest(?: name)?:?|traveller:?|beneficiary:?|payee:?|buyer:?|applicant:?|student:?|payable to"
    rf"|(?:my |his |her |our |the |your )(?:{_KIN})(?: is|'s name is| called| named)?"
    rf"|(?:the |your |our |with )(?:{_STAFF})(?: is| was| called| named)?(?=[ ,(])"
    r"|hello,? i'm|regards|sincerely|yours(?: truly| faithfully)?|warmly|cordially|rgds"
)
# Behind these other words stand as well: a pair of capitalised words, or one that ends the sentence.
WEAK = (
    "i am|i'm|i’m|im|this is|it's|it is|thank you|thanks|thx|many thanks|cheers|ta|best|love|from|signed|hi|hello|hey|dear|contact|customer:?"
    "|attention:?|delivered to|ship(?:ped)? (?:it )?to|(?:order|parcel|package|gift|present|meant) for"
)
# Behind these anything may stand: only a given name that is known is one.
SOFT = (
    "deliver(?: it)? to|send (?:it )?to|sent to|its|tell|told|ask|under|for|said|says|engraved"
    "|engraving|reads|let|met|with|by|and|&|to|called|guy|lady|person|woman|man|host|given to|is with|was|name|bravo|kudos|props|"
    rf"(?:{_STAFF})"
)
SIGNED_LOW = (
    "thanks|thank you|thx|many thanks|cheers|ta|regards|rgds|best|love|sincerely|kind regards"
)
LOW_NAMED = f"{_PART}|receiver|sender|passenger|patient|guest|traveller|account holder|applicant"
