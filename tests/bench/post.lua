-- wrk: one POST of {"email","role"} after another, each for a new person.
-- URL: http://HOST:PORT/v1/organizations/acme/members/invite
local count = 0

request = function()
    count = count + 1
    return wrk.format("POST", nil, {["Content-Type"] = "application/json"},
        '{"email":"person' .. count .. '@example.com","role":"member"}')
end
